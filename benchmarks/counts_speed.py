"""How long a look at a sheet of one megapixel takes, beside PyTorch on the same weights, and beside the machine.

The networks are loaded anew for each look, and nothing of it is kept; their own time is that of a second look, when
they are loaded. Looks and runs of PyTorch, on as many tiles, are interleaved; each side has a process of its own. The
bound is what the machine's product of two large matrices reaches.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from control_groups import hear, start
from models_peers import GEMM, ask, gemm_flops, say, timed

PAIRS: Final = 5
SEED: Final = 3_000_000_007
PIXELS: Final = 1_000_000
MOST_S: Final = 1.5
LEAST_SHARE: Final = 0.4
_POOL: Final = "transformer_cache"


def rows(weights: Path | None, checkpoint: Path, threads: int) -> Iterator[dict[str, Any]]:
    """One row. checkpoint: the weights of `weights` as PyTorch has them."""
    ours = start("counts_speed:looks", weights or "", threads)
    told = json.loads(hear(ours))
    theirs = start("counts_speed:eager", checkpoint, threads)
    try:
        asked = json.loads(hear(theirs))
        looked, networks, pytorch = [], [], []
        for _ in range(PAIRS):
            looked.append(ask(ours, "look"))
            networks.append(float(hear(ours)))
            pytorch.append(ask(theirs, str(told["tiles"])))
    finally:
        for child in (ours, theirs):
            child.kill()
            child.wait()
    bound = max(told["gemm_flops"], asked["gemm_flops"])
    look_s, networks_s = statistics.median(looked), statistics.median(networks)
    share = asked["flops"] * told["tiles"] / networks_s / bound
    yield {
        "part": "speed",
        "megapixels": round(told["pixels"] / 1e6, 2),
        "tiles": told["tiles"],
        "cold_s": round(look_s, 2),
        "networks_s": round(networks_s, 2),
        "pytorch_s": round(statistics.median(pytorch), 2),
        "share_of_gemm": round(share, 2),
        "over": look_s > MOST_S or share < LEAST_SHARE,
    }


def looks(weights: str, threads: str) -> None:
    """A process that looks at the sheet for each line that it reads: says the seconds of all of it, loading too, and
    of the networks.
    """
    sys.path.append(str(Path(__file__).parents[1]))  # the drawings are not installed
    from training.drawings import draw_sheet

    from planroom.engine.catalog import open_catalog
    from planroom.engine.eyes import Eyes, features_bytes
    from planroom.engine.pictures import GreyArray
    from planroom.memory.caches.cache import CachePool
    from planroom.memory.manager import RESERVE, MemoryManager

    image = draw_sheet(SEED).image
    size = (PIXELS / image.size) ** 0.5
    grey = np.asarray(cv2.resize(image, None, fx=size, fy=size, interpolation=cv2.INTER_AREA), np.uint8)
    picture = GreyArray(grey)

    def open_eyes() -> Eyes:
        manager = MemoryManager({RESERVE: 1 << 30, _POOL: 0})
        catalog = open_catalog(Path(weights) if weights else None)
        return Eyes(manager, catalog, CachePool(_POOL, 0, manager, weigh=features_bytes), threads=int(threads))

    def look() -> int:
        eyes = open_eyes()
        eyes.look(picture, lambda _: None)
        eyes.close()
        return eyes.tiles_asked

    def networks() -> float:
        """Seconds that the networks run while an opened pair looks once more."""
        eyes, spent = open_eyes(), 0.0
        eyes.look(picture, lambda _: None)
        run = eyes._residency.run

        def watched(*given: Any) -> Any:
            nonlocal spent
            start_s = time.perf_counter()
            said = run(*given)
            spent += time.perf_counter() - start_s
            return said

        # only this benchmark wants to know how long they run: the program keeps no clock for it
        eyes._residency.run = watched  # type: ignore[method-assign, assignment]
        eyes.look(picture, lambda _: None)
        eyes.close()
        return spent

    one = np.random.default_rng(0).random((GEMM, GEMM), np.float32)
    say({"tiles": look(), "pixels": grey.size, "gemm_flops": gemm_flops(lambda: one @ one)})
    for _ in sys.stdin:
        say(timed(look))
        say(networks())


def eager(checkpoint: str, threads: str) -> None:
    """A process that runs both networks in PyTorch, on as many tiles as each line says."""
    sys.path.append(str(Path(__file__).parents[1]))
    import torch
    from torch.utils.flop_counter import FlopCounterMode
    from training.vision import Eyes

    torch.set_num_threads(int(threads))
    model = Eyes()
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    model = model.eval().requires_grad_(False)
    tile = torch.rand(1, 1, 512, 512)

    def run(tiles: int) -> None:
        with torch.inference_mode():
            for _ in range(tiles):
                model(tile)

    with FlopCounterMode(display=False) as counter:
        run(1)
    one = torch.rand(GEMM, GEMM)
    say({"flops": float(counter.get_total_flops()), "gemm_flops": gemm_flops(lambda: one @ one)})
    for line in sys.stdin:
        say(timed(partial(run, int(line))))
