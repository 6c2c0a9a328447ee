"""A loaded network: what it takes and refuses, the same bits each time, arrays that are the caller's."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from planroom.engine.catalog import Variant
from planroom.engine.session import Session
from planroom.errors import BadModelInput, BadModelOutput, ModelDamaged, ModelMissing
from planroom.memory.enforce import own_anonymous_bytes
from planroom.memory.guard import map_large_blocks
from tiny_models import (
    WIDTH,
    Port,
    as_variant,
    rows,
    weights,
    write_graph,
    write_logarithm,
    write_product,
    write_quantised,
)

Given = dict[str, NDArray[Any]]


@pytest.fixture
def product(tmp_path: Path) -> Session:
    return Session(write_product(tmp_path), 1)


def test_what_it_says_is_right(product: Session) -> None:
    x = rows(0, 2, 5)

    made = product.run({"x": x})

    assert list(made) == ["y"]
    assert made["y"].dtype == np.float32
    np.testing.assert_allclose(made["y"], x @ weights(1), rtol=1e-5, atol=1e-5)


def test_it_says_what_it_takes(product: Session) -> None:
    (shape,) = product.inputs.values()

    assert shape.axes == ("batch", "n", WIDTH)
    assert shape.dtype is np.float32
    assert product.sizes({"x": rows(0, 2, 5)}) == {"batch": 2, "n": 5}


def test_a_layout_that_is_not_contiguous(product: Session) -> None:
    x = rows(0, 4, 6)

    made = product.run({"x": x[::2, ::-1]})

    np.testing.assert_array_equal(made["y"], product.run({"x": x[::2, ::-1].copy()})["y"])


def test_the_same_input_gives_the_same_bits(product: Session) -> None:
    x = rows(0, 4, 50)
    first = product.run({"x": x})["y"].copy()

    again = [product.run({"x": x})["y"] for _ in range(20)]

    assert {one.tobytes() for one in again} == {first.tobytes()}


@pytest.mark.parametrize("n", [1, 2, 7, 64])
def test_a_batch_says_what_single_runs_say(product: Session, n: int) -> None:
    x = rows(n, 4, n)

    whole = product.run({"x": x})["y"]

    alone = [product.run({"x": x[k : k + 1]})["y"][0] for k in range(4)]
    np.testing.assert_array_equal(whole, np.stack(alone))


def test_outputs_are_not_written_to_by_the_next_run(product: Session) -> None:
    first = product.run({"x": rows(0, 2)})["y"]
    kept = first.copy()

    second = product.run({"x": rows(1, 2)})["y"]

    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)
    assert not np.array_equal(first, second)


def test_outputs_outlive_the_network(tmp_path: Path) -> None:
    session = Session(write_product(tmp_path), 1)
    made = session.run({"x": rows(0, 2)})["y"]
    kept = made.copy()

    del session

    made += 1
    np.testing.assert_array_equal(made, kept + 1)


def test_the_memory_of_its_work_stays_only_where_that_is_wanted(tmp_path: Path) -> None:
    nodes = [("MatMul", ["x", "w"], ["between"]), ("MatMul", ["between", "w"], ["y"])]
    ports = Port("x", ["batch", "n", WIDTH]), Port("y", ["batch", "n", WIDTH])
    files = write_graph(tmp_path / "twice.onnx", nodes, ports[:1], ports[1:], {"w": weights(0)})
    session = Session(as_variant(files, "twice"), 1)
    map_large_blocks()
    session.run({"x": rows(0, 1)})  # the first block of all stays, whatever its size
    x = rows(0, 1, 2_000_000)  # large beside what else a process of many tests grows by

    before = own_anonymous_bytes()
    session.run({"x": x}, keeps_work=True)
    kept = own_anonymous_bytes() - before
    assert session.holds_work
    session.run({"x": x})

    assert kept > 0.9 * x.nbytes
    assert own_anonymous_bytes() - before < 0.2 * x.nbytes
    assert not session.holds_work


def test_threads_get_their_own_answers(product: Session) -> None:
    asked = [rows(k, 1 + k % 4, 1 + k) for k in range(16)]
    expected = [product.run({"x": x})["y"] for x in asked]
    answers: dict[int, list[bytes]] = {k: [] for k in range(16)}

    def ask(k: int) -> None:
        for _ in range(10):
            answers[k].append(product.run({"x": asked[k]})["y"].tobytes())

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [set(answers[k]) for k in range(16)] == [{expected[k].tobytes()} for k in range(16)]


# ---- what it refuses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "was given nothing"),
        ({"z": rows(0, 1)}, "takes x, was given z"),
        ({"x": rows(0, 1), "z": rows(0, 1)}, "takes x"),
        ({"x": rows(0, 1)[0]}, r"x is float32 \(3, 8\)"),
        ({"x": rows(0, 1)[None]}, r"\(1, 1, 3, 8\)"),
        ({"x": rows(0, 1, width=7)}, r"\(1, 3, 7\)"),
        ({"x": rows(0, 0)}, r"\(0, 3, 8\)"),
        ({"x": rows(0, 1, n=0)}, r"\(1, 0, 8\)"),
        ({"x": rows(0, 1).astype(np.float64)}, "float64"),
        ({"x": rows(0, 1).astype(np.int64)}, "int64"),
        ({"x": rows(0, 1).astype(">f4")}, ">f4"),
        ({"x": np.array(1.0, np.float32)}, r"float32 \(\)"),
    ],
    ids=["nothing", "name", "more", "axes", "more axes", "width", "no batch", "no rows", "f8", "i8", "bytes", "scalar"],
)
def test_wrong_input_is_told_and_does_no_harm(product: Session, given: Given, words: str) -> None:
    with pytest.raises(BadModelInput, match=words):
        product.run(given)

    assert np.isfinite(product.run({"x": rows(0, 1)})["y"]).all()


def test_axes_of_one_name_have_one_size(tmp_path: Path) -> None:
    files = write_graph(
        tmp_path / "sum.onnx",
        [("Add", ["a", "b"], ["y"])],
        [Port("a", ("batch", "n")), Port("b", ("batch", "n"))],
        [Port("y", ("batch", "n"))],
    )
    session = Session(as_variant(files, "sum"), 1)
    two, three = np.ones((1, 2), np.float32), np.ones((1, 3), np.float32)

    assert session.run({"a": two, "b": two})["y"].tolist() == [[2, 2]]
    with pytest.raises(BadModelInput, match=r"b is \(1, 3\), not float32 \(batch, n\)"):
        session.run({"a": two, "b": three})


def test_axes_without_a_name_vary_on_their_own(tmp_path: Path) -> None:
    files = write_graph(
        tmp_path / "outer.onnx",
        [("MatMul", ["a", "b"], ["y"])],
        [Port("a", (None, 2)), Port("b", (2, None))],
        [Port("y", (None, None))],
    )
    session = Session(as_variant(files, "outer"), 1)

    made = session.run({"a": np.ones((3, 2), np.float32), "b": np.ones((2, 5), np.float32)})

    assert made["y"].tolist() == [[2] * 5] * 3


def test_an_output_that_is_no_number_is_told(tmp_path: Path) -> None:
    session = Session(write_logarithm(tmp_path), 1)
    x = np.abs(rows(0, 1)) + 1
    bad = x.copy()
    bad[0, 1, 2] = -1

    assert np.isfinite(session.run({"x": x})["y"]).all()
    for wrong in (bad, np.zeros_like(x)):  # not a number, and minus infinity
        with pytest.raises(BadModelOutput, match=r"logarithm \(fp32\): y is not finite"):
            session.run({"x": wrong})


def test_what_the_runtime_cannot_do_is_told_in_our_words(tmp_path: Path) -> None:
    files = write_graph(
        tmp_path / "pick.onnx",
        [("Gather", ["x", "at"], ["y"])],
        [Port("x", ("n",)), Port("at", ("m",), TensorProto.INT64)],
        [Port("y", ("m",))],
    )
    session = Session(as_variant(files, "pick"), 1)
    x = np.arange(3, dtype=np.float32)

    assert session.run({"x": x, "at": np.array([2, 0])})["y"].tolist() == [2, 0]
    with pytest.raises(BadModelInput, match=r"pick \(fp32\): cannot run on x \(3,\), at \(1,\)"):
        session.run({"x": x, "at": np.array([3])})


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (TensorProto.FLOAT16, np.float16),
        (TensorProto.INT32, np.int32),
        (TensorProto.UINT8, np.uint8),
        (TensorProto.BOOL, np.bool_),
    ],
)
def test_other_types_of_numbers(tmp_path: Path, kind: int, dtype: type[Any]) -> None:
    nodes = [("Identity", ["x"], ["y"])]
    files = write_graph(tmp_path / "same.onnx", nodes, [Port("x", ("n",), kind)], [Port("y", ("n",), kind)])
    x = np.array([0, 1, 1], dtype)

    made = Session(as_variant(files, "same"), 1).run({"x": x})

    assert made["y"].dtype == dtype
    np.testing.assert_array_equal(made["y"], x)


def test_a_type_without_arrays_is_refused_as_it_is_loaded(tmp_path: Path) -> None:
    kind = TensorProto.STRING
    nodes = [("Identity", ["x"], ["y"])]
    files = write_graph(tmp_path / "same.onnx", nodes, [Port("x", ("n",), kind)], [Port("y", ("n",), kind)])

    with pytest.raises(ModelDamaged, match=r"tensor\(string\)"):
        Session(as_variant(files, "same"), 1)


# ---- files that cannot be loaded -----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x00" * 5000])
def test_a_graph_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    hashes = {"m.onnx": hashlib.sha256(content).hexdigest()}

    with pytest.raises(ModelDamaged, match=r"m \(fp32\) cannot be loaded"):
        Session(Variant("m", "fp32", "compact", tmp_path, hashes), 1)


def test_weights_that_the_graph_knows_and_the_list_does_not(tmp_path: Path) -> None:
    variant = write_product(tmp_path)
    (tmp_path / "product.onnx.data").unlink()

    with pytest.raises(ModelDamaged, match="cannot be loaded"):
        Session(replace(variant, hashes=dict([next(iter(variant.hashes.items()))])), 1)


def test_nothing_is_loaded_that_is_not_what_was_listed(tmp_path: Path) -> None:
    variant = write_product(tmp_path)
    (tmp_path / "other").mkdir()
    other = write_product(tmp_path / "other", seed=2)

    with pytest.raises(ModelDamaged):
        Session(replace(variant, hashes=other.hashes), 1)
    (tmp_path / "product.onnx").unlink()
    with pytest.raises(ModelMissing):
        Session(variant, 1)


def test_int8_scales_by_all_that_shares_a_run(tmp_path: Path) -> None:
    """Why the batcher runs such requests one by one."""
    session = Session(write_quantised(tmp_path), 1)
    small, large = rows(0, 1), 100 * rows(1, 1)

    together = session.run({"x": np.concatenate([small, large])})["y"]

    assert not np.array_equal(together[0], session.run({"x": small})["y"][0])
