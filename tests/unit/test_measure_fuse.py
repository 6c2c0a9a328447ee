from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from planroom.measure.fuse import MOST, count_keys, find_differences, share_of, trust_area, trust_count
from planroom.measure.takeoff import take_off
from planroom.records import Element, Quantity, Scale, Sheet, Text
from planroom.sheet.channels import hear_channels

SQUARE = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])


def element(kind: str, k: int = 0, sources: tuple[str, ...] = ("path:1",), **traits: str) -> Element:
    return Element(f"s.{kind}{k}", kind, SQUARE + 10 * k, 0.95, np.zeros((0, 4)), list(sources), traits=traits)


def tag(string: str, k: int) -> Text:
    return Text(string, 10.0 * k + 0.5, 0.5, (10.0 * k, 0.0, 10.0 * k + 1, 1.0), 1.0, 0.0, "text layer")


@pytest.fixture
def sheet() -> Sheet:
    made = Sheet("s", "f.pdf", 0, "1", 100, 100, (0.0, 0.0, 100.0, 100.0), "p", kind="plan", view="general")
    made.scale = Scale(50.0, 0.02, "measured", "12 of 12 dimensions")
    made.elements = [element("door", k, tag=f"D{k}") for k in range(4)] + [element("room", use="hall")]
    made.counts = {"door": 4}
    made.channels = {"geometry": {"door": 4}, "tags": {"door": 4}}
    return made


def count_of(sheet: Sheet) -> Quantity:
    (one,) = (q for q in take_off([sheet], [], 2.5) if q.id.endswith(":door:count") and not q.total)
    return one


def test_tags_are_counted_by_what_most_openings_that_bear_their_letters_are() -> None:
    elements = [element("door", k, tag=f"D{k}") for k in range(3)]
    told = hear_channels(elements, [tag(f"D{k}", k) for k in range(5)], [])
    assert told["tags"] == {"door": 5}
    assert told["geometry"]["door"] == 3


def test_marks_in_a_schedule_tag_nothing() -> None:
    elements = [element("door", k, tag=f"D{k}") for k in range(3)]
    tables: list[dict[str, Any]] = [{"box": (29.0, -1.0, 60.0, 2.0)}]
    assert hear_channels(elements, [tag(f"D{k}", k) for k in range(5)], tables)["tags"] == {"door": 3}


def test_labels_tell_rooms_whose_use_is_counted() -> None:
    texts = [tag("BEDROOM", 0), tag("WC", 1), tag("KITCHEN", 2)]
    assert hear_channels([element("room")], texts, [])["text"] == {"bedroom": 1, "toilet": 1}


def test_what_was_seen_has_two_channels() -> None:
    seen = [element("door", k, ("pixels", "VisionDecoder")) for k in range(3)]
    told = hear_channels(seen, [], [], seen[:1])
    assert (told["pixels"]["door"], told["geometry"]["door"]) == (3, 1)


def test_a_count_on_which_tags_agree_is_measured_and_surer_than_one_alone(sheet: Sheet) -> None:
    agreed = count_of(sheet)
    assert (agreed.state, agreed.channels) == ("measured", {"geometry": 4.0, "tags": 4.0})
    assert agreed.confidence is not None
    assert 0.9 < agreed.confidence <= MOST


def test_a_count_that_its_tags_contradict_is_an_estimate_and_a_finding(sheet: Sheet) -> None:
    sheet.channels["tags"]["door"] = 6
    one = count_of(sheet)
    assert (one.state, one.interval) == ("estimated", (4.0, 6.0))
    assert "tags say 6" in (one.reason or "")
    (finding,) = find_differences([one])
    assert (finding.code, finding.sheet) == ("count-differs", "s")
    assert "4 are drawn, tags say 6" in finding.message


def test_a_number_that_a_person_gave_is_held_against_nothing(sheet: Sheet) -> None:
    sheet.given, sheet.channels["tags"]["door"] = ["door"], 6
    one = count_of(sheet)
    assert (one.state, one.confidence, one.channels) == ("measured", None, {})


def test_the_fewer_were_counted_the_more_the_wider_kind_speaks() -> None:
    table = {"seen door": (1000, 300), "seen door 9": (4, 4)}
    few = share_of(["seen door 9", "seen door"], table)
    many = share_of(["seen door 9", "seen door"], table | {"seen door 9": (400, 400)})
    assert few is not None
    assert many is not None
    assert 0.3 < few < 0.7 < many
    assert share_of(["nothing known"], {}) is None


def test_what_is_surely_seen_is_trusted_more(sheet: Sheet) -> None:
    sheet.elements = [element("door", k, ("pixels", "VisionDecoder")) for k in range(4)]
    sheet.channels = {"pixels": {"door": 4}, "geometry": {"door": 2}}
    told = []
    for chance in (0.15, 0.95):
        sheet.chances = {"door": chance}
        told.append(trust_count(sheet, "door", 4).confidence)
    assert told[0] is not None
    assert told[1] is not None
    assert told[0] < 0.4 < told[1]


def test_kinds_go_from_the_narrowest_to_the_widest(sheet: Sheet) -> None:
    keys = count_keys(sheet, "door", 4.0, {"geometry": 4.0, "tags": 5.0})
    assert keys[0] == "vectors door differ"
    assert keys[-1] == "vectors door"


def test_of_a_sheet_unlike_those_that_were_counted_on_no_confidence_is_told(sheet: Sheet) -> None:
    assert count_of(sheet).confidence == MOST
    sheet.elements[-1].traits = {}
    assert count_of(sheet).confidence is None


def test_an_area_is_held_against_the_printed_one(sheet: Sheet) -> None:
    room = replace(element("room", use="bathroom"), stated={"area_m2": 5.0})
    sheet.elements.append(room)
    told = trust_area(sheet, room, 5.02)
    assert told.said == {"geometry": 5.02, "text": 5.0}
    assert told.confidence is not None
    assert told.confidence <= MOST
