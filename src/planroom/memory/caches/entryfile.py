"""One cached value as a file: a fixed head, its key, what the codec needs to know, the raw bytes or an lz4 frame.

The digest in the head covers all of the file, so a torn, cut or changed one is told from a whole one. A file is written
under another name and renamed when complete. Only `load` asks for memory in proportion to the value.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import lz4.frame
import numpy as np

CHUNK_BYTES: Final = 1 << 18
_HEAD: Final = struct.Struct("<8sIIIdQQQ16s8s")  # ends with the digest of all, and a seal on head and key alone
_SEAL_BYTES: Final = 8
_MAGIC: Final = b"plnspil2"
_PLAIN_KINDS: Final = "?biufc"  # numbers: their bytes are the value


class Codec(Protocol):
    """How values become bytes. Both ways are exact."""

    def encode(self, value: Any) -> tuple[bytes, memoryview] | None:
        """What `decode` needs to know, and the raw bytes without a copy; None for what cannot be kept on disk."""
        ...

    def decode(self, told: bytes, raw: bytearray) -> Any:
        """The value again; it may keep `raw`."""
        ...


class RawCodec:
    """Arrays of numbers that lie in one piece, and bytes; nothing that would run code when it is read."""

    def encode(self, value: Any) -> tuple[bytes, memoryview] | None:
        """Dtype and shape as JSON, and the array's own memory."""
        if isinstance(value, bytes):
            return b"null", memoryview(value)
        if type(value) is np.ndarray and value.dtype.kind in _PLAIN_KINDS and value.flags.c_contiguous:
            told = json.dumps({"dtype": value.dtype.str, "shape": value.shape}).encode()
            return told, value.reshape(-1).view(np.uint8).data
        return None

    def decode(self, told: bytes, raw: bytearray) -> Any:
        """The array over `raw`, or bytes."""
        layout = json.loads(told)
        return bytes(raw) if layout is None else np.frombuffer(raw, layout["dtype"]).reshape(layout["shape"])


class Title(NamedTuple):
    """What a file says of itself, before its digest is checked.

    size_bytes: what the value weighs in RAM; raw_bytes: what `load` makes; file_bytes: the file's length.
    """

    key: str
    cost_s: float
    size_bytes: int
    raw_bytes: int
    file_bytes: int


class Damaged(ValueError):
    """The file is not what was written; never leaves the tier that reads it."""


def most_bytes(key: str, told: bytes, raw_bytes: int) -> int:
    """The longest a file for such a value can become."""
    return _HEAD.size + len(key_bytes(key)) + len(told) + raw_bytes + raw_bytes // 1000 + 128


def store(
    path: Path, key: str, told: bytes, raw: memoryview, *, cost_s: float, size_bytes: int, compress: bool
) -> Title:
    """The title of the file that is now at `path`, whole. Raises OSError; what it left is at `part_path(path)`."""
    name = key_bytes(key)
    digest = hashlib.blake2b(name + told, digest_size=16)
    stored = 0
    with FileIO(part_path(path), "w") as file:
        file.seek(_HEAD.size)
        _write_all(file, name + told)
        for piece in _packed(raw) if compress else _pieces(raw):
            digest.update(piece)
            _write_all(file, piece)
            stored += len(piece)
        fields = (_MAGIC, len(name), len(told), int(compress), cost_s, size_bytes, stored, raw.nbytes)
        digest.update(_HEAD.pack(*fields, b"", b""))
        file.seek(0)
        head = _HEAD.pack(*fields, digest.digest(), b"")
        _write_all(file, head[:-_SEAL_BYTES] + _seal(head, name))
    part_path(path).replace(path)
    return Title(key, cost_s, size_bytes, raw.nbytes, _HEAD.size + len(name) + len(told) + stored)


def load(path: Path, title: Title) -> tuple[bytes, bytearray]:
    """What the codec was told, and the raw bytes, exactly as stored. Raises Damaged or OSError."""
    raw = bytearray(title.raw_bytes)
    with FileIO(path) as file:
        head = _read(file, _HEAD.size)
        *fields, said, _ = _HEAD.unpack(head)
        _, name_bytes, told_bytes, compressed, _, _, stored, raw_bytes = fields
        if fields[0] != _MAGIC or raw_bytes != title.raw_bytes or name_bytes + told_bytes > title.file_bytes:
            raise Damaged("the head has changed")
        name, told = _read(file, name_bytes), _read(file, told_bytes)
        digest = hashlib.blake2b(name + told, digest_size=16)
        if compressed:
            _unpack(file, stored, raw, digest)
        else:
            for piece in _pieces(memoryview(raw)):
                if _fill(file, piece) < len(piece):
                    raise Damaged("the file is cut")
                digest.update(piece)
        digest.update(_HEAD.pack(*fields, b"", b""))
    if digest.digest() != said or name != key_bytes(title.key):
        raise Damaged("the digest does not agree")
    return told, raw


def peek(path: Path) -> Title | None:
    """The title of a file that has the length it names and an unbroken seal; None for others. Raises OSError."""
    with FileIO(path) as file:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return None
        magic, name_bytes, told_bytes, _, cost_s, size_bytes, stored, raw_bytes, _, seal = _HEAD.unpack(head)
        length = _HEAD.size + name_bytes + told_bytes + stored
        if magic != _MAGIC or length != path.stat().st_size:
            return None
        name = file.read(name_bytes)
        if _seal(head, name) != seal:  # nobody may reserve bytes for what a damaged head says
            return None
        return Title(name.decode("utf-8", "surrogatepass"), cost_s, size_bytes, raw_bytes, length)


def key_bytes(key: str) -> bytes:
    """A key as it is written; names of files that are no text are keys too."""
    return key.encode("utf-8", "surrogatepass")


def part_path(path: Path) -> Path:
    """Where a file is written until it is whole."""
    return path.with_suffix(".part")


def _seal(head: bytes, name: bytes) -> bytes:
    return hashlib.blake2b(head[:-_SEAL_BYTES] + name, digest_size=_SEAL_BYTES).digest()


def _pieces(raw: memoryview) -> Iterator[memoryview]:
    for start in range(0, raw.nbytes, CHUNK_BYTES):
        yield raw[start : start + CHUNK_BYTES]


def _packed(raw: memoryview) -> Iterator[bytes]:
    pack = lz4.frame.LZ4FrameCompressor()
    yield pack.begin(raw.nbytes)
    yield from (pack.compress(piece) for piece in _pieces(raw))
    yield pack.flush()


def _unpack(file: FileIO, stored: int, raw: bytearray, digest: hashlib.blake2b) -> None:
    unpack, end = lz4.frame.LZ4FrameDecompressor(), 0
    while stored > 0:
        packed: bytes = _read(file, min(stored, CHUNK_BYTES))
        stored -= len(packed)
        digest.update(packed)
        while packed or not (unpack.needs_input or unpack.eof):
            try:
                piece = unpack.decompress(packed, CHUNK_BYTES)
            except (RuntimeError, EOFError) as error:
                raise Damaged(str(error)) from error
            packed = b""
            if end + len(piece) > len(raw):
                raise Damaged("more comes out than went in")
            raw[end : end + len(piece)] = piece
            end += len(piece)
    if end < len(raw) or not unpack.eof:
        raise Damaged("less comes out than went in")


def _write_all(file: FileIO, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _read(file: FileIO, size: int) -> bytes:
    data = bytearray(size)
    if _fill(file, memoryview(data)) < size:
        raise Damaged("the file is cut")
    return bytes(data)


def _fill(file: FileIO, view: memoryview) -> int:
    """Bytes read into `view`; fewer than it has only at the file's end."""
    done = 0
    while done < len(view):
        got = file.readinto(view[done:])
        if not got:
            break
        done += got
    return done
