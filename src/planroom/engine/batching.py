"""Requests to one network that come at the same time, answered in one run.

While a run goes on, requests gather; the next run takes up to a batch of those that have the same shapes. Nobody waits
for company: an idle network answers a single request at once. What a request is answered does not depend on who shares
its run: INT8 variants scale their activations over a whole batch, so they run their requests one by one; where a shared
run fails, each of its requests is run alone. Of the rounding of fp32, only that of a product with few rows depends on
it, below 1e-6.
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
    """Answers single requests for one variant, several in a run. Thread-safe. runs, requests: so far."""

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
        try:
            mine.woken.wait()
            if not mine.answer.done():
                self._run_batch()
        except BaseException:
            self._withdraw(mine)
            raise
        return mine.answer.result()

    def _run_batch(self) -> None:
        """Run the first request that waits, with those of its shapes, and wake the next one to do the same."""
        with self._lock:
            batch = self._take()
        try:
            self._answer(batch)
        finally:
            with self._lock:
                unanswered = [one for one in batch if not one.answer.done()]  # an interrupt ended the run
                self._waiting.extendleft(reversed(unanswered[1:]))  # the first is whoever was interrupted
                self._wake_next()
            for one in batch:
                if one.answer.done():
                    one.woken.set()

    def _wake_next(self) -> None:
        if self._waiting:
            self._waiting[0].woken.set()
        else:
            self._is_running = False

    def _withdraw(self, mine: _Request) -> None:
        """Nobody waits for it any more; if it was its turn to run a batch, it is the next one's."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                if mine.woken.is_set():
                    self._wake_next()

    def _take(self) -> list[_Request]:
        first = self._waiting[0]
        batch = [one for one in self._waiting if one.shapes == first.shapes][: self._most]
        self._waiting = deque(one for one in self._waiting if one not in batch)
        return batch

    def _answer(self, batch: list[_Request]) -> None:
        try:
            outputs = self._run(batch)
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    self._answer([one])
            else:
                batch[0].answer.set_exception(error)
            return
        for k, one in enumerate(batch):
            one.answer.set_result({name: array[k] for name, array in outputs.items()})

    def _run(self, batch: list[_Request]) -> Arrays:
        with self._lock:
            self.runs += 1
        stacked = {name: np.stack([one.inputs[name] for one in batch]) for name in batch[0].inputs}
        return self._residency.run(self._variant, stacked)
