"""The child that reads one untrusted file: limits itself, runs one function, answers on a pipe, ends.

    python -m planroom.ingest.child < request

The request is one JSON line: entry ("module:function"), arguments, limit_bytes (what is leased to this process),
most_bytes (what could be leased at all), footprints (what stages were measured to take), clock_s, parent (its process
id), answers (the file descriptor that answers to events "ask" come from; `emit` returns them).
Events and the answer, one JSON line each, go to what was standard output at the start; standard output itself then
leads to standard error, so that a library which prints cannot break the protocol. The function is called as
`function(arguments, emit, ledger) -> dict`. Answers: {"event": "done", "result"} or {"event": "error", "code", "class",
"message", "hint", "place"}.

Before each stage the child asks for the bytes that it is expected to take ({"event": "ask", "about": "bytes"}), and
after it says what it took ("stage"). What holds the child: RLIMIT_DATA its bytes, RLIMIT_CPU its clock, its parent's
death its life, and a system call filter keeps it from opening sockets and from starting processes, which would each
have limits of their own.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import json
import math
import os
import resource
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from planroom.errors import BudgetRefused, PlanroomError, ReaderFailed, ReaderOverBytes
from planroom.memory.footprints import Footprints, Line, Ran
from planroom.memory.machine import find_process_bytes
from planroom.memory.stages import StageLedger
from planroom.units import format_bytes

STACK_BYTES: Final = 8 << 20  # the main stack is no "data", nor are pages that the loader relocated and then sealed
LATER_IMPORTS_BYTES: Final = 4 << 20
SPARE_BYTES: Final = 32 << 20  # leased beside: libraries crash where malloc fails, so who holds it is found out later
REPORT_BYTES: Final = 2 << 20  # between the soft and the hard limit: room to say that the bytes ran out
OPEN_FILES: Final = 256
OOM_SCORE: Final = 800  # where the kernel must choose, it takes a reader and not the program that started it
_NO_MEMORY_WORDS: Final = (
    "bad_alloc",
    "Failed to allocate",
    "Insufficient memory",
    "annot allocate memory",
    "failed to map segment",
    "can't start new thread",
)


def main() -> None:
    """Do what the request on standard input asks; ends the process."""
    request = json.loads(sys.stdin.buffer.readline())
    channel = os.dup(1)
    os.dup2(2, 1)

    def send(event: dict[str, Any]) -> None:
        line = memoryview(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        while line:
            line = line[os.write(channel, line) :]

    try:
        _confine(request["parent"], request["limit_bytes"], request["most_bytes"])
        send({"event": "done", "result": _run(request, send)})
    except BrokenPipeError:
        pass  # the parent has stopped listening and is about to end us
    except BaseException as error:  # the boundary: whatever ends a reader becomes its answer, SystemExit too
        _limit(resource.RLIMIT_DATA, resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        final = _can_never_fit(error)
        send(_answer(_translate(error, request["most_bytes" if final else "limit_bytes"]), final=final))
    # Tearing down large libraries takes time and may crash: the answer is out, so just go.
    os._exit(0)


def _run(request: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    clock_s: float = request["clock_s"]

    answers = os.fdopen(request["answers"], "rb")

    def emit(event: dict[str, Any]) -> Any:
        if event.get("event") == "sheet":
            _grant_cpu(clock_s)
        send(event)
        return json.loads(answers.readline()) if event.get("event") == "ask" else None

    _grant_cpu(clock_s)
    module, _, name = request["entry"].partition(":")
    function = getattr(importlib.import_module(module), name)
    if "numpy" in sys.modules:
        _have_blas_take_its_buffer()

    def secure(wanted_bytes: int) -> int:
        leased_bytes = int(emit({"event": "ask", "about": "bytes", "bytes": wanted_bytes})["leased_bytes"])
        request["limit_bytes"] = leased_bytes
        _limit_data(leased_bytes)
        if leased_bytes < min(wanted_bytes, request["most_bytes"]):  # all there is may do, whatever is expected
            raise ReaderOverBytes(f"{format_bytes(wanted_bytes)} are expected to be taken, others hold them")
        return leased_bytes

    def note(ran: Ran) -> None:
        send({"event": "stage"} | ran._asdict())
        _limit_data(request["limit_bytes"])  # what was loaded meanwhile, and never written, takes no memory

    ledger = StageLedger(
        request["most_bytes"] - _data_bytes() - STACK_BYTES - LATER_IMPORTS_BYTES,
        request["limit_bytes"],
        footprints=Footprints({name: Line(*line) for name, line in request["footprints"].items()}),
        secure=secure,
        note=note,
    )
    result: dict[str, Any] = function(request["arguments"], emit, ledger)
    ledger.end()
    return result


def _confine(parent: int, limit_bytes: int, most_bytes: int) -> None:
    """Give this process its limits. Raises BudgetRefused where they leave nothing."""
    libc = ctypes.CDLL(None)
    libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)
    with suppress(OSError):  # a container may mount /proc read-only; then the kernel chooses by size alone
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    if limit_bytes - STACK_BYTES - REPORT_BYTES < _data_bytes():
        raise ReaderOverBytes("a reader does not even start in that")
    _limit(resource.RLIMIT_CORE, 0, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)
    _limit(resource.RLIMIT_STACK, STACK_BYTES, STACK_BYTES)
    hard = most_bytes - STACK_BYTES
    _limit(resource.RLIMIT_DATA, hard - REPORT_BYTES, hard)
    _limit_data(limit_bytes)
    _filter_calls(libc)


def _limit_data(leased_bytes: int) -> None:
    """Let this process hold `leased_bytes` of anonymous memory and little more, and never what cannot be leased."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = leased_bytes + _untouched_bytes() + SPARE_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (min(soft, hard - REPORT_BYTES), hard))


def _have_blas_take_its_buffer() -> None:
    """Let OpenBLAS map tens of megabytes now that it hardly ever writes to: later it would exit where it may not."""
    import numpy as np

    square = np.ones((64, 64))
    square @ square


def _data_bytes() -> int:
    """What RLIMIT_DATA counts of this process."""
    held = find_process_bytes(os.getpid())
    return held.data if held else 0


def _untouched_bytes() -> int:
    """What RLIMIT_DATA counts though no page of it was ever written: libraries' tables, stacks of threads."""
    held = find_process_bytes(os.getpid())
    return max(0, held.data - held.anonymous) if held else 0


def _grant_cpu(clock_s: float) -> None:
    """Let this process use `clock_s` more seconds of CPU, rounded up; then it is ended by SIGXCPU."""
    _limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + clock_s), resource.RLIM_INFINITY)


def _limit(which: int, soft: int, hard: int) -> None:
    """Set a limit, or as much of it as this process was started with."""
    given = resource.getrlimit(which)[1]
    bounds = [min(bound, given) if given >= 0 and bound >= 0 else max(bound, given) for bound in (soft, hard)]
    resource.setrlimit(which, (bounds[0], bounds[1]))


def _translate(error: BaseException, limit_bytes: int) -> PlanroomError:
    """`error` as one of ours: out of bytes, our own as it is, anything else as "Type: first line"."""
    first_line = str(error).partition("\n")[0]
    if any(_is_no_memory(one) for one in _chain(error)):
        needed = error.message if isinstance(error, PlanroomError) else first_line
        limit = f"more than {format_bytes(limit_bytes)} asked for"
        return ReaderOverBytes(f"{limit}: {needed}" if needed else limit)
    if isinstance(error, PlanroomError):
        return error
    return ReaderFailed(f"{type(error).__name__}: {first_line}")


def _is_no_memory(error: BaseException) -> bool:
    if isinstance(error, PlanroomError):
        return isinstance(error, BudgetRefused | ReaderOverBytes)
    return isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY_WORDS)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it: libraries wrap a MemoryError in something of their own."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _can_never_fit(error: BaseException) -> bool:
    """Whether all bytes that there are would not help: the bound of a stage is beyond them."""
    return any(isinstance(one, BudgetRefused) for one in _chain(error))


def _answer(error: PlanroomError, *, final: bool) -> dict[str, Any]:
    return {
        "final": final,
        "event": "error",
        "code": error.code,
        "class": type(error).__name__,
        "message": error.message,
        "hint": error.advice,
        "place": error.place,
    }


# System call numbers: socket, execve, execveat, io_uring_setup, (fork, vfork), clone, clone3.
_CALLS: Final = {
    "x86_64": (0xC000003E, (41, 59, 322, 425, 57, 58), 56, 435),
    "aarch64": (0xC00000B7, (198, 221, 281, 425), 220, 435),
}
_CLONE_THREAD: Final = 0x10000
_ALLOW: Final = 0x7FFF0000
_EACCES: Final = 0x00050000 | errno.EACCES
_ENOSYS: Final = 0x00050000 | errno.ENOSYS


def _filter_calls(libc: ctypes.CDLL) -> None:
    """Refuse sockets and new processes from here on; nothing where the kernel or the processor is another one."""
    if os.uname().machine not in _CALLS:
        return
    architecture, refused, clone, clone3 = _CALLS[os.uname().machine]
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    # (code, jump if true, jump if false, operand); the loads' offsets: 0 number, 4 architecture, 16 first argument.
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, _EACCES), (load, 0, 0, 0)]
    steps += [(at_least, 0, 1, 1 << 30), (give, 0, 0, _EACCES)]  # the x32 numbers of x86-64
    for number in refused:
        steps += [(equal, 0, 1, number), (give, 0, 0, _EACCES)]
    steps += [(equal, 0, 1, clone3), (give, 0, 0, _ENOSYS)]  # its flags are out of sight: libc then uses clone
    steps += [(equal, 0, 3, clone), (load, 0, 0, 16), (any_bit, 1, 0, _CLONE_THREAD), (give, 0, 0, _EACCES)]
    steps += [(give, 0, 0, _ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, which the next one asks for
    libc.prctl(22, 2, ctypes.addressof(program), 0, 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


if __name__ == "__main__":
    main()
