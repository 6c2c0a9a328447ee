"""The two PP-OCR networks that rapidocr ships, loaded and run by planroom's own engine.

rapidocr prepares their inputs and reads their outputs; which bytes they take and when they are loaded is decided here.
Their hashes are those that the installed package states for its files.
"""

from __future__ import annotations

import base64
import gc
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planroom.engine.catalog import Footprint, Variant
from planroom.engine.residency import Residency
from planroom.errors import ModelMissing
from planroom.memory.guard import return_to_kernel
from planroom.memory.manager import RESERVE, MemoryManager

DETECTION: Final = "PP-OCRv6_det_small.onnx"
RECOGNITION: Final = "PP-OCRv6_rec_small.onnx"
LINE_PX: Final = 48  # what the reading network takes a line's height to be
_RESIDENT_BYTES: Final = {DETECTION: 20_000_000, RECOGNITION: 40_000_000}  # measured: 15.5 and 30
Image = NDArray[np.uint8]


class OcrNetworks:
    """Finds and reads lettering with both networks, which are loaded at their first use. Not thread-safe. Close it.

    capacity_bytes: what they may take with their work; work_bytes: the work's part. Raises ModelMissing or
    ModelDamaged at the first use where the networks are not what their package states.
    """

    def __init__(self, capacity_bytes: int, work_bytes: int, threads: int):
        manager = MemoryManager({RESERVE: capacity_bytes})
        self._residency = Residency(manager, threads=threads, spins=False)  # readers work on the same cores
        self._work_bytes = work_bytes
        self._parts: Any = None

    def find(self, image: Image) -> Any:
        """Boxes round lettering in (H, W, 3), as rapidocr's detector says them."""
        return self._loaded().text_det(image)

    def read(self, images: list[Image]) -> Any:
        """What stands in each of the images (H, W, 3), as rapidocr says it: `txts` and `scores`."""
        return self._loaded().recognize_txt(images)

    def close(self) -> None:
        """Unload both; their memory is the kernel's again when this returns."""
        self._parts = None
        self._residency.close()
        return_to_kernel()
        gc.collect()  # rapidocr's settings are trees in cycles: small, but they would pile up

    def _loaded(self) -> Any:
        if self._parts is None:
            from omegaconf import flag_override
            from rapidocr import RapidOCR  # a second of imports that vector sheets never need

            parts = RapidOCR(
                params={
                    "Global.log_level": "error",
                    "Global.use_vertical_padding": False,
                    "Det.limit_side_len": 32,
                    "Rec.rec_img_shape": [3, LINE_PX, 96],  # lines are padded to this width: most are short
                }
            )
            for settings, load, name in (
                (parts.cfg.Det, parts._load_det_model, DETECTION),
                (parts.cfg.Rec, parts._load_rec_model, RECOGNITION),
            ):
                runs = _Runs(self._residency, find_network(name), self._work_bytes)
                with self._residency.use(runs.variant, 0) as session, flag_override(settings, "allow_objects", True):
                    settings.session = session.runtime
                    part = load()
                    settings.session, part.session = None, runs  # or rapidocr would keep the network loaded
            self._parts = parts
        return self._parts


class _Runs:
    """What rapidocr takes for a session: each call runs the network, loaded again where it was unloaded."""

    def __init__(self, residency: Residency, variant: Variant, work_bytes: int):
        self.variant = variant
        self._residency = residency
        self._work_bytes = work_bytes

    def __call__(self, content: NDArray[Any]) -> NDArray[Any]:
        with self._residency.use(self.variant, self._work_bytes) as session:
            (name,) = session.inputs
            (made,) = session.run({name: content}).values()
            return made


def check_networks() -> None:
    """Raises ModelMissing or ModelDamaged where one of them is not what its package states."""
    for name in _RESIDENT_BYTES:
        find_network(name).check()


def find_network(name: str) -> Variant:
    """One of the networks, with the hash that the installed package states. Raises ModelMissing."""
    try:
        listed = [file for file in distribution("rapidocr").files or [] if file.name == name]
    except PackageNotFoundError:
        listed = []
    if not listed or listed[0].hash is None:
        raise ModelMissing(f"the package rapidocr has no {name}", hint="install rapidocr 3.10 or newer")
    path = Path(str(listed[0].locate()))
    sha256 = base64.urlsafe_b64decode(listed[0].hash.value + "==").hex()
    return Variant(
        name=name,
        precision="fp32",
        scale="compact",
        folder=path.parent,
        hashes={path.name: sha256},
        measured=Footprint(_RESIDENT_BYTES[name], 0, 0.0),
    )
