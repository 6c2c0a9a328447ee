"""Sees what stands on a picture: HierarchicalVisionTransformer and VisionDecoder, tile by tile.

What the first says of a tile, its features, is kept by the tile's pixels: a sheet that is seen again costs no run of
it, and one on which a room has changed costs the tiles that show the room. Nothing is kept of empty tiles, which no
network is asked about.

Thread-safe: one picture is looked at a time.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planroom.engine.catalog import Catalog, Precision, Variant
from planroom.engine.pictures import Picture
from planroom.engine.residency import Residency
from planroom.engine.vision import SHADES, Floats, Said, Seen, look
from planroom.memory.caches.cache import CachePool
from planroom.memory.manager import RESERVE, Lease, MemoryManager

SEE: Final = "HierarchicalVisionTransformer"
TELL: Final = "VisionDecoder"
_INPUT_BYTES: Final = {SEE: 1 << 20, TELL: 6 << 20}  # a tile, and its features
_SHIPPED: Final[tuple[Precision, ...]] = ("int8", "fp32")
_OUTPUTS: Final = ("classes", "uses", "centres", "shapes")
Features = dict[str, NDArray[np.float16]]


def features_bytes(features: Features) -> int:
    """Bytes of the features of one tile."""
    return sum(array.nbytes for array in features.values())


class Eyes:
    """Looks at pictures with networks that are loaded at the first of them, leased from `pool` until `close`.

    version: of the weights, which a tile's features depend on. sight: of all that a look depends on.
    features: where the features of tiles are kept, weighed by `features_bytes`. precision: of the weights, None for
    INT8, or fp32 where there is no INT8. Raises ModelMissing where the catalog has no weights in it, ModelDamaged where
    they are not the ones that it lists.
    """

    def __init__(
        self,
        manager: MemoryManager,
        catalog: Catalog,
        features: CachePool,
        *,
        precision: Precision | None = None,
        threads: int = 2,
        pool: str = RESERVE,
    ):
        self._see, self._tell = find_eyes(catalog, precision)
        self.version = _version(self._see, self._tell)
        self.sight = f"{self.version} {_code_version()}"
        self._features = features
        self._lease: Lease = manager.lease(needed_bytes(self._see, self._tell), "vision", pool=pool)
        inner = MemoryManager({RESERVE: self._lease.size_bytes})
        self._residency = Residency(inner, threads=threads, spins=False)  # readers work on the same cores
        self._lock = threading.Lock()
        self.tiles_asked = self.tiles_run = 0

    @property
    def leased_bytes(self) -> int:
        """Bytes that are leased for both networks and their work until `close`."""
        return self._lease.size_bytes

    def look(self, picture: Picture, progress: Callable[[float], None], door_px: float | None = None) -> Seen:
        """What stands in `picture`. door_px: how wide its doors are, where that is known. progress: called with the
        share done; what it raises ends the look.
        """
        with self._lock:
            return look(picture, self._infer, door_px, progress)

    def close(self) -> None:
        """Unload both and give their bytes back: to the kernel, and only then to the ledger."""
        with self._lock:
            self._residency.close()
            self._lease.release()

    def _infer(self, tiles: list[Floats]) -> Iterator[Said]:
        for tile in tiles:
            self.tiles_asked += 1
            features = self._features.get_or_compute(self._key(tile), partial(self._run, tile))
            given = {name: array.astype(np.float32) for name, array in features.items()}
            said = self._residency.run(self._tell, given)
            classes, uses, centres, shapes = (said[name] for name in _OUTPUTS)
            yield classes, uses, centres, shapes

    def _run(self, tile: Floats) -> Features:
        self.tiles_run += 1
        return {
            name: array.astype(np.float16) for name, array in self._residency.run(self._see, {"image": tile}).items()
        }

    def _key(self, tile: Floats) -> str:
        shades = np.rint(tile * SHADES).astype(np.uint8)
        return hashlib.blake2s(shades.data, digest_size=16, key=self.version.encode()[:32]).hexdigest()


def _version(*variants: Variant) -> str:
    hashes = "".join(sha256 for variant in variants for sha256 in variant.hashes.values())
    return hashlib.blake2s(hashes.encode(), digest_size=16).hexdigest()


@cache
def _code_version() -> str:
    """A hash of the code that makes a look of what the networks say."""
    code = (files("planroom.engine").joinpath(name).read_bytes() for name in ("vision.py", "instances.py"))
    return hashlib.blake2s(b"".join(code), digest_size=16).hexdigest()


def find_eyes(catalog: Catalog, precision: Precision | None = None) -> tuple[Variant, Variant]:
    """Both networks. precision: as in `Eyes`. Raises ModelMissing where the catalog has no weights of them,
    ModelDamaged.
    """
    if precision is None:
        there = [one for one in _SHIPPED if all(one in catalog.models[name].variants for name in (SEE, TELL))]
        precision = there[0] if there else _SHIPPED[0]
    see, tell = (catalog.find(name, precision) for name in (SEE, TELL))
    for variant in (see, tell):
        variant.check()
    return see, tell


def needed_bytes(*variants: Variant) -> int:
    """Both loaded, and the work of either."""
    footprints = [(variant.footprint, _INPUT_BYTES[variant.name]) for variant in variants]
    work_bytes = max(footprint.work_on(input_bytes) for footprint, input_bytes in footprints)
    return sum(footprint.resident_bytes for footprint, _ in footprints) + work_bytes
