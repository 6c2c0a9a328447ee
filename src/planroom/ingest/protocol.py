"""What a child may say to its parent, and what the parent takes of it.

One JSON object with the key "event" a line. "done" and "error" are its last words; the rest is passed on. After an
"ask" the child waits for one line of JSON. The sender has read an untrusted file: lines and their number are bounded,
and whatever breaks the form is a crash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from planroom.errors import PlanroomError, ReaderCrashed, ReaderFailed, ReaderOverBytes
from planroom.memory.footprints import Ran
from planroom.units import format_bytes

Event = dict[str, Any]
OnEvent = Callable[[Event], object]  # what it returns for an "ask" goes back to the child, as JSON

LINE_BYTES: Final = 16 << 20
MOST_EVENTS: Final = 100_000
_MOST_BYTES: Final = 1 << 50
_MOST_LETTERS: Final = 80


class Lines:
    """The child's bytes as events. Not thread-safe."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._n_events = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that `chunk` completes. Raises ReaderCrashed for more than is taken, or for no event."""
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._rest += line
            event = _parse(self._rest)
            self._rest.clear()
            self._n_events += 1
            if self._n_events > MOST_EVENTS:
                raise ReaderCrashed(f"the reader sent more than {MOST_EVENTS} events")
            yield event
        self._rest += rest
        if len(self._rest) > LINE_BYTES:
            raise ReaderCrashed(f"the reader sent a line of more than {format_bytes(LINE_BYTES)}")


def is_answer(event: Event) -> bool:
    """Whether these are the last words: the answer to the request."""
    return event["event"] in ("done", "error")


def is_ask(event: Event) -> bool:
    """Whether the child waits for an answer to this."""
    return bool(event["event"] == "ask")


def find_wanted_bytes(event: Event) -> int | None:
    """The bytes that this asks to be leased in all; None where it is about something else.

    Raises ReaderCrashed where that is no number of bytes.
    """
    if not is_ask(event) or event.get("about") != "bytes":
        return None
    wanted = event.get("bytes")
    if not isinstance(wanted, int) or not 0 < wanted < _MOST_BYTES:
        raise ReaderCrashed("the reader broke its protocol")
    return wanted


def find_ran(event: Event) -> Ran | None:
    """What a stage took, where that is what this says. Raises ReaderCrashed where it is not of that form."""
    if event["event"] != "stage":
        return None
    try:
        sizes = [int(event[name]) for name in Ran._fields[1:]]
        return Ran(str(event["stage"])[:_MOST_LETTERS], *sizes)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ReaderCrashed("the reader broke its protocol") from None


def get_result(answer: Event) -> dict[str, Any]:
    """What the child returned. Raises what it raised, as its own class."""
    if answer["event"] == "error":
        said = {name: str(answer.get(name, "")) for name in ("code", "message", "hint", "place")}
        kind = next((kind for kind in find_errors() if kind.code == said["code"]), ReaderFailed)
        error = kind(said["message"], place=said["place"], hint=said["hint"])
        if isinstance(error, ReaderOverBytes):
            error.is_final = answer.get("final") is True
        raise error
    result = answer.get("result")
    if not isinstance(result, dict):
        raise ReaderCrashed("the reader broke its protocol")
    return result


def find_errors(root: type[PlanroomError] = PlanroomError) -> Iterator[type[PlanroomError]]:
    """Every class of error, the root first."""
    yield root
    for kind in root.__subclasses__():
        yield from find_errors(kind)


def _parse(line: bytearray) -> Event:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise ReaderCrashed("the reader broke its protocol")
    return event
