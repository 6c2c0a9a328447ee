"""One child process as its parent sees it: listened to, timed, sampled, and in the end explained."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import IO, Any, Final

from planroom.errors import PlanroomError, ReaderCrashed, ReaderOverBytes, ReaderOverTime
from planroom.ingest.protocol import Event, Lines, OnEvent, find_ran, find_wanted_bytes, get_result, is_answer, is_ask
from planroom.memory.footprints import Ran
from planroom.memory.machine import find_process_bytes, read_machine, usage
from planroom.units import format_bytes

SAMPLE_S: Final = 0.02
STDERR_BYTES: Final = 4096
NEAR_LIMIT: Final = 0.85  # C++ libraries abort where malloc fails, and the last request is the one that never was
MOST_STAGES: Final = 20_000  # whose figures are kept
_CHUNK_BYTES: Final = 1 << 16
_DEATHS: Final = {
    signal.SIGABRT: "aborted",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGBUS: "bus error",
    signal.SIGILL: "illegal instruction",
    signal.SIGTRAP: "trapped",
    signal.SIGFPE: "arithmetic error",
    signal.SIGKILL: "killed",
}
_NO_MEMORY_SIGNALS: Final = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP}
_NO_MEMORY_WORDS: Final = (b"bad_alloc", b"MemoryError", b"out of memory", b"Out of memory", b"Memory allocation")


class Cancelled(BaseException):
    """The caller's event was set; like KeyboardInterrupt no failure of the work, so no handler of failures takes it."""


class Child:
    """One child process as its parent sees it. Only `condemned` is written by other threads.

    grow: has so many bytes leased to the child in all, or fewer, and returns how many are; None: never more than
    limit_bytes. learn: told of every stage. wanted_bytes: what it asked for in vain.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        to_child: int,
        limit_bytes: int,
        clock_s: float,
        grow: Callable[[int], int] | None = None,
        learn: Callable[[Ran], None] | None = None,
    ):
        assert process.stdout and process.stderr  # both were asked for as pipes
        self.pid = process.pid
        self.anonymous_bytes = 0
        self.peak_anonymous_bytes = 0
        self.cpu_s = 0.0
        self.condemned = ""
        self.wanted_bytes = 0
        self.stages: list[Ran] = []
        self._process = process
        self._to_child = to_child
        self._stdout: IO[bytes] = process.stdout
        self._stderr: IO[bytes] = process.stderr
        self._limit_bytes = limit_bytes
        self._grow = grow
        self._learn = learn
        self._clock_s = clock_s
        self._since_s = time.monotonic()
        self._lines = Lines()
        self._tail = b""
        self._answer: Event | None = None
        self._peak_data_bytes = 0
        self._untouched_bytes: int | None = None
        group = read_machine().cgroup_path
        self._group = group
        self._oom_before = usage(group).oom_kills if group else 0

    def follow(self, on_event: OnEvent, cancelled: threading.Event | None) -> dict[str, Any]:
        """The child's result, once it is there; raises what ended the child otherwise."""
        end = os.pidfd_open(self.pid)
        for pipe in (self._stdout, self._stderr):
            os.set_blocking(pipe.fileno(), False)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._stdout, selectors.EVENT_READ, lambda: self._hear(on_event))
                selector.register(self._stderr, selectors.EVENT_READ, self._hear_stderr)
                selector.register(end, selectors.EVENT_READ)
                self._watch(selector, end, cancelled)
        finally:
            os.close(end)
        end_group(self.pid)  # before the pipes are emptied, so that nobody fills them again
        while self._answer is None and self._hear(on_event):
            pass
        while self._hear_stderr():
            pass
        if self._answer is None:
            raise self._cause_of_death()
        return get_result(self._answer)

    def reap(self) -> None:
        """Wait for the child, which must have been killed or ended, and note what it used."""
        _, status, used = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s = used.ru_utime + used.ru_stime
        self._stdout.close()
        self._stderr.close()

    def _watch(self, selector: selectors.BaseSelector, end: int, cancelled: threading.Event | None) -> None:
        """Serve the child until it has answered or ended. Raises where it must be ended."""
        next_sample_s = 0.0
        while self._answer is None:
            for key, _ in selector.select(SAMPLE_S):
                if key.fd == end:
                    return
                if not key.data():  # a pipe with one reader is ready with bytes or at its end
                    selector.unregister(key.fileobj)
            if time.monotonic() >= next_sample_s:
                self._sample()
                next_sample_s = time.monotonic() + SAMPLE_S
            if cancelled and cancelled.is_set():
                raise Cancelled
            if time.monotonic() - self._since_s > self._clock_s:
                raise ReaderOverTime(f"no sheet was finished within {self._clock_s:g} s")

    def _sample(self) -> None:
        held = find_process_bytes(self.pid)
        if held is None:
            return
        self.anonymous_bytes = held.anonymous
        self.peak_anonymous_bytes = max(self.peak_anonymous_bytes, held.anonymous)
        if self._untouched_bytes is None:
            self._untouched_bytes = max(0, held.data - held.anonymous)
        self._peak_data_bytes = max(self._peak_data_bytes, held.data - self._untouched_bytes)
        if held.anonymous + held.shared > self._limit_bytes:  # shared memory is beyond RLIMIT_DATA
            raise ReaderOverBytes(f"the reader held more than {format_bytes(self._limit_bytes)}")

    def _hear(self, on_event: OnEvent) -> bool:
        """Take what the child sent; False at the end of its pipe, or where nothing is there."""
        chunk = _read(self._stdout)
        for event in self._lines.feed(chunk):
            if is_answer(event):
                self._answer = event
                break
            ran = find_ran(event)
            if ran is not None:
                if len(self.stages) < MOST_STAGES:
                    self.stages.append(ran)
                if self._learn is not None:
                    self._learn(ran)
                continue
            before_s = time.monotonic()
            wanted_bytes = find_wanted_bytes(event)
            answer = on_event(event) if wanted_bytes is None else {"leased_bytes": self._lease(wanted_bytes)}
            if is_ask(event):
                self._tell(answer)
            after_s = time.monotonic()
            self._since_s = after_s if event["event"] == "sheet" else self._since_s + after_s - before_s
        return bool(chunk)

    def _lease(self, wanted_bytes: int) -> int:
        """What is leased to the child from here on."""
        if self._grow is not None and wanted_bytes > self._limit_bytes:
            self._limit_bytes = self._grow(wanted_bytes)
        if self._limit_bytes < wanted_bytes:
            self.wanted_bytes = wanted_bytes
        return self._limit_bytes

    def _tell(self, answer: object) -> None:
        """Send an answer, which is small: a child that asks and does not listen fills its pipe, and is ended."""
        line = json.dumps(answer).encode() + b"\n"
        try:
            if os.write(self._to_child, line) == len(line):
                return
        except BrokenPipeError:
            return  # it has died, which is heard of elsewhere
        except BlockingIOError:
            pass
        raise ReaderCrashed("the reader asks but does not listen")

    def _hear_stderr(self) -> bool:
        chunk = _read(self._stderr)
        self._tail = (self._tail + chunk)[-STDERR_BYTES:]
        return bool(chunk)

    def _cause_of_death(self) -> PlanroomError:
        """Why the child ended without an answer; it is a zombie yet, so its number is still its own."""
        if self.condemned:
            return ReaderOverBytes(self.condemned)
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None  # without WNOHANG it waits
        last = self._tail.decode(errors="replace").strip().rpartition("\n")[2][:200]
        said = f"; its last words: {last}" if last else ""
        if ended.si_code == os.CLD_EXITED and any(words in self._tail for words in _NO_MEMORY_WORDS):
            return ReaderOverBytes(f"the reader ended at its limit of {format_bytes(self._limit_bytes)}")
        if ended.si_code == os.CLD_EXITED:
            return ReaderCrashed(f"the reader ended without an answer, exit code {ended.si_status}{said}")
        killer = signal.Signals(ended.si_status)
        if killer == signal.SIGXCPU:
            return ReaderOverTime(f"no sheet was finished within {self._clock_s:g} s of CPU time")
        if self._died_of_hunger(killer):
            return ReaderOverBytes(f"the reader died at its limit of {format_bytes(self._limit_bytes)}")
        return ReaderCrashed(f"the reader died: {_DEATHS.get(killer, killer.name)}{said}")

    def _died_of_hunger(self, killer: signal.Signals) -> bool:
        near = max(self._peak_data_bytes, self.peak_anonymous_bytes) >= NEAR_LIMIT * self._limit_bytes
        if killer == signal.SIGKILL:
            return near or bool(self._group and usage(self._group).oom_kills > self._oom_before)
        return killer in _NO_MEMORY_SIGNALS and (near or any(words in self._tail for words in _NO_MEMORY_WORDS))


def end_group(pid: int) -> None:
    """Kill the process group that `pid` leads; it must not have been waited for yet, or the number may be another's."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _read(pipe: IO[bytes]) -> bytes:
    try:
        return os.read(pipe.fileno(), _CHUNK_BYTES)
    except BlockingIOError:
        return b""
