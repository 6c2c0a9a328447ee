import numpy as np
from training.understanding.features import SORTS, WIDTH, element_tokens, hashed, line_tokens, text_tokens

from planroom.records import Element, Text

EXTENT = (0.0, 0.0, 200.0, 100.0)


def text(string: str, x: float = 50.0, angle: float = 0.0) -> Text:
    return Text(string, x, 20.0, (x - 5, 18.0, x + 5, 22.0), 3.0, angle, "text layer")


def room(area: float, name: str = "") -> Element:
    ring = np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)])
    return Element("r", "room", ring, 0.9, np.zeros((0, 4)), [], sizes={"area": area}, traits={"name": name})


def test_words_are_known_by_their_letters_whatever_their_case_and_accents() -> None:
    assert np.allclose(hashed("Küche"), hashed("KUCHE"))
    alike, unlike = hashed("bedroom") @ hashed("bedrooms"), hashed("bedroom") @ hashed("garage")
    assert alike > 0.5 > unlike


def test_numbers_are_alike() -> None:
    assert np.allclose(hashed("A 12"), hashed("A 7"))


def test_rows_tell_their_sort_and_are_finite() -> None:
    rows = np.concatenate([
        text_tokens([text("A"), text("", angle=90.0)], EXTENT),
        line_tokens(np.array([(0.0, 0.0, 10.0, 0.0)]), EXTENT),
        line_tokens(np.array([(0.0, 0.0, 10.0, 10.0)]), EXTENT, arcs=True),
        element_tokens([room(4.0)], EXTENT, None),
    ])  # fmt: skip
    assert rows.shape == (5, WIDTH)
    assert np.isfinite(rows).all()
    assert [SORTS[k] for k in rows[:, : len(SORTS)].argmax(1)] == ["text", "text", "line", "arc", "room"]


def test_a_sheet_twice_as_large_looks_the_same() -> None:
    twice = (0.0, 0.0, 400.0, 200.0)
    lines = np.array([(10.0, 20.0, 50.0, 20.0)])
    assert np.allclose(line_tokens(lines, EXTENT), line_tokens(2 * lines, twice), atol=1e-5)


def test_metres_are_told_only_with_a_scale() -> None:
    without, small, large = (
        element_tokens([room(area)], EXTENT, scale) for area, scale in ((4.0, None), (4.0, 1.0), (40.0, 1.0))
    )
    assert not np.allclose(without, small)
    assert not np.allclose(small, large)


def test_no_rows_of_nothing() -> None:
    assert text_tokens([], EXTENT).shape == line_tokens(np.zeros((0, 4)), EXTENT).shape == (0, WIDTH)
