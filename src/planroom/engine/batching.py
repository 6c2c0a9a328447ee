"""Requests to one network that come at the same time, answered in one run.

While a run goes on, requests gather; the next run takes up to a batch of those that have the same shapes. Nobody waits
for company: an idle network answers a single request at once. What a request is answered does not depend on who shares
its run: INT8 variants scale their activations over a whole batch, so they run their requests one by one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planroom.engine.catalog import Variant
from planroom.engine.residency import Residency
from planroom.engine.session import Arrays

Inputs = Mapping[str, NDArray[Any]]


class _Request:
    """One that waits; whoever asked is woken when it is answered, or to run the next batch."""

    def __init__(self, inputs: Inputs):
        self.inputs = inputs
        self.shapes = {name: (array.shape, array.dtype) for name, array in inputs.items()}
        self.answer: Future[Arrays] = Future()
        self.woken = threading.Event()


class Batcher:
    """Answers single requests for one variant, several in a run. Thread-safe."""

    def __init__(self, residency: Residency, variant: Variant):
        self._residency = residency
        self._variant = variant
        self._most = 1 if variant.precision.startswith("int8") else variant.most_batch
        self._lock = threading.Lock()
        self._waiting: deque[_Request] = deque()
        self._is_running = False
        self.runs = self.requests = 0

    def ask(self, inputs: Inputs) -> Arrays:
        """The outputs for one request: arrays without a batch axis. Raises what `Residency.run` does."""
        mine = _Request(inputs)
        with self._lock:
            self._waiting.append(mine)
            self.requests += 1
            if not self._is_running:
                self._is_running = True
                mine.woken.set()
        mine.woken.wait()
        if not mine.answer.done():
            self._run_batch()
        return mine.answer.result()

    def _run_batch(self) -> None:
        """Run the first request that waits, with those of its shapes, and wake the next one to do the same."""
        with self._lock:
            batch = self._take()
            self.runs += 1
        try:
            self._answer(batch)
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting[0].woken.set()
                else:
                    self._is_running = False
            for one in batch:
                one.woken.set()

    def _take(self) -> list[_Request]:
        first = self._waiting[0]
        batch = [one for one in self._waiting if one.shapes == first.shapes][: self._most]
        self._waiting = deque(one for one in self._waiting if one not in batch)
        return batch

    def _answer(self, batch: list[_Request]) -> None:
        try:
            stacked = {name: np.stack([one.inputs[name] for one in batch]) for name in batch[0].inputs}
            outputs = self._residency.run(self._variant, stacked)
        except BaseException as error:
            for one in batch:
                one.answer.set_exception(error)
            return
        for k, one in enumerate(batch):
            one.answer.set_result({name: array[k] for name, array in outputs.items()})
