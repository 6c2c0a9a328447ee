"""What a reader of a hostile file may do; entries for the child process of the worker's tests."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import planroom.errors
from planroom.memory.manager import MemoryManager

Emit = Callable[[dict[str, Any]], Any]
Result = dict[str, Any]


def echo(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    emit({"event": "sheet", "page": 0})
    return {"arguments": arguments, "capacity": ledger.capacity_bytes, "session": os.getsid(0), "pid": os.getpid()}


def environment(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "PYTHONHASHSEED")}


def abort(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    os.abort()


def abort_of_hunger(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    """As a C++ library does: take until malloc fails, then abort without a word."""
    held = []
    try:
        while True:
            held.append(bytearray(1 << 20))
            time.sleep(0.002)
    except MemoryError:
        os.abort()


def abort_of_one_request(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    """As the C++ runtime does where one request alone is too large."""
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n")
    os.abort()


def segfault(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    return {"read": ctypes.string_at(8)}


def allocate_numpy(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    import numpy as np

    held = []
    while True:
        held.append(np.ones(arguments.get("bytes", 1 << 22), np.uint8))
        emit({"event": "progress"})


def allocate_python(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    held = []
    while True:
        held.append([object() for _ in range(10_000)])


def allocate_shared(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    import mmap

    held = []
    while True:
        held.append(mmap.mmap(-1, 1 << 22))
        held[-1].write(b"x" * (1 << 22))
        time.sleep(0.001)


def allocate(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    """Hold some bytes for a moment, so that a sampler sees them."""
    held = bytearray(b"x") * arguments["bytes"]
    time.sleep(0.1)
    return {"held": len(held)}


def wrapped_memory_error(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    try:
        raise MemoryError
    except MemoryError as error:
        raise ValueError("structure error") from error


def bad_alloc(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    raise RuntimeError("std::bad_alloc")


def over_lease(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    with ledger.lease(10 << 30, "page 3"):
        return {}


def spin(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    while True:
        emit({"event": "progress"})
        time.sleep(0.01)


def spin_in_c(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    return {"digits": 3 ** (1 << 27)}


def spin_beside(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    """Sheets that come in time, though each takes some."""
    for page in range(arguments["sheets"]):
        time.sleep(arguments["seconds"])
        emit({"event": "sheet", "page": page})
    return {"sheets": arguments["sheets"]}


def sleep(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    emit({"event": "asleep", "pid": os.getpid()})
    time.sleep(1000)
    return {}


def flood_stdout(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    for _ in range(2000):
        os.write(1, b"garbage\n" * 8192)
    os.write(1, b"the end\n")
    os.abort()


def flood_events(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    while True:
        emit({"event": "sheet"})


def flood_line(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    channel = next(fd for fd in range(3, 64) if _is_pipe(fd))
    while True:
        os.write(channel, b"x" * 65536)


def break_protocol(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    os.write(next(fd for fd in range(3, 64) if _is_pipe(fd)), arguments["line"].encode() + b"\n")
    time.sleep(1000)
    return {}


def _is_pipe(fd: int) -> bool:
    """Whether it is the writing end of one: answers come in by another."""
    try:
        named = "pipe" in str(Path(f"/proc/self/fd/{fd}").readlink())
        return named and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    except FileNotFoundError:
        return False


def print_garbage(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    print('{"event": "done", "result": {"forged": true}}', flush=True)
    os.write(1, b"\x00\xff not json\n")
    return {"forged": False}


def exit_hard(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    os._exit(arguments["code"])


def exit_soft(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    sys.exit(arguments["code"])


def interrupt(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    raise KeyboardInterrupt


def recurse(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    return recurse(arguments, emit, ledger)


def raise_ours(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    kind = getattr(planroom.errors, arguments["class"])
    raise kind("as said", place="plan.pdf", hint="as hinted")


def return_nonsense(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    return {"not json": object()}


def fork(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    if os.fork() == 0:
        held = []
        while True:
            held.append(bytearray(1 << 20))
    return {}


def spawn(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    subprocess.run(["true"], check=True)
    return {}


def connect(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    socket.create_connection(("127.0.0.1", 9))
    return {}


def use_threads(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(one,)) for one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"done": sorted(done)}


def ask(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    return {"answers": [emit({"event": "ask", "what": what}) for what in arguments["whats"]]}


def ask_and_die(arguments: Result, emit: Emit, ledger: MemoryManager) -> Result:
    threading.Timer(0.3, os._exit, (3,)).start()
    emit({"event": "ask"})
    return {}
