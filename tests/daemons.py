"""Threads that nobody waits for: a test whose threads never end fails, and the run goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Item = TypeVar("Item")
Made = TypeVar("Made")
MOST_S = 120.0  # that any of them may take


def start(work: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Future[Made]:
    """What `work` will return, from a thread of its own."""
    answer: Future[Made] = Future()

    def run() -> None:
        try:
            answer.set_result(work(*given, **named))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer


def run_all(work: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
    """What `work` returns for each item, all at the same time. Raises what any of them raised, or TimeoutError."""
    answers = [start(work, item) for item in items]
    return [answer.result(MOST_S) for answer in answers]
