from __future__ import annotations

import errno
from pathlib import Path

import pytest

from planroom.errors import DiskFull, OutputNotWritable, UsageError
from planroom.store.files import atomic_path


def test_file_appears_whole_and_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "report.json"
    for text in ("old", "new"):
        with atomic_path(target) as part:
            part.write_text(text)

    assert target.read_text() == "new"
    assert [entry.name for entry in target.parent.iterdir()] == ["report.json"]


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyboardInterrupt(), UsageError("no")])
def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")

    with pytest.raises(type(error)), atomic_path(target) as part:
        part.write_text("half")
        raise error

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, OutputNotWritable),
        (errno.EIO, OutputNotWritable),
    ],
)
def test_what_the_system_refuses_is_named(tmp_path: Path, number: int, kind: type[Exception]) -> None:
    target = tmp_path / "report.json"

    with pytest.raises(kind) as caught, atomic_path(target) as part:
        part.write_text("half")
        raise OSError(number, "refused")

    assert str(target) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_cannot_be_a_folder_nor_a_folder_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()

    for target in (tmp_path / "file" / "report.json", tmp_path / "folder"):
        with pytest.raises(OutputNotWritable), atomic_path(target) as part:
            part.write_text("x")
