"""Which networks are loaded: on demand, under leases of the reserve, the least missed unloaded first.

Whoever waits for bytes holds none: the bytes of a load and of the work after it are asked for at once, and of a network
that is loaded already, the work's are asked for before it is held. A network that nobody uses and that is not pinned
may be unloaded whenever others need bytes: when they ask, and at the end of each use while requests wait. One that
somebody is about to use goes last. Its bytes are leased until the kernel has them back.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from numpy.typing import NDArray

from planroom.engine.catalog import Footprint, Variant
from planroom.engine.requests import Requests
from planroom.engine.session import Arrays, Session
from planroom.errors import BadModelInput, BudgetRefused
from planroom.memory.enforce import own_anonymous_bytes
from planroom.memory.guard import map_large_blocks, return_to_kernel
from planroom.memory.manager import RESERVE, Lease, MemoryManager

_FADES: Final = 0.98  # what a use counts for after each later one of any network
_GROW_WAIT_S: Final = 1.0
_NOISE: Final = 1.1
_LOADS_TRIED: Final = 3  # of a network that seems to take more than could ever be had: others' memory comes and goes
Key = tuple[str, str]


class Resident:
    """A network that is loaded, or is being loaded."""

    def __init__(self, variant: Variant):
        self.variant = variant
        self.session: Session | None = None
        self.lease: Lease | None = None  # of what it holds; during its first use, of that use's work too
        self.ready = threading.Event()
        self.users = 0
        self.wanted = 0  # threads that wait to use it
        self.load_s = 0.0
        self.resident_bytes = 0


class Residency:
    """Loads, holds and unloads networks under leases of `pool`. Thread-safe. Close it.

    pinned: models that stay once they are loaded. threads: that each network runs on. spins: as in `Session`. clock:
    seconds, rising.
    """

    def __init__(
        self,
        manager: MemoryManager,
        *,
        pool: str = RESERVE,
        threads: int = 2,
        spins: bool = True,
        pinned: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
    ):
        self._pool = manager.pools[pool]
        self._threads = threads
        self._spins = spins
        self._pinned = pinned
        self._clock = clock
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._residents: dict[Key, Resident] = {}
        self._uses: dict[Key, float] = {}
        self._measured: dict[Key, Footprint] = {}
        self._too_large: dict[Key, int] = {}  # how often in turn it seemed to take more than could ever be had
        self._requests = Requests(self._pool, self._pinned_bytes)
        self.loads = self.unloads = 0
        self._pool.on_need(self.unload_bytes)
        map_large_blocks()

    def run(self, variant: Variant, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
        """What `variant` says to `inputs`, loaded first where it is not.

        Raises what `use` and `Session.run` do.
        """
        return self.run_each(variant, [inputs])[0]

    def run_each(self, variant: Variant, given: Sequence[Mapping[str, NDArray[Any]]]) -> list[Arrays]:
        """What `variant` says to each of `given`, run by run under one lease; raises what `run` does.

        A fifth faster than as many runs under leases of their own: the memory of their work is had once.
        """
        for inputs in given:
            batch = max((len(array) for array in inputs.values() if array.ndim), default=0)
            if not 0 < batch <= variant.most_batch:
                raise BadModelInput(f"{variant.name}: a batch of {batch}, at most {variant.most_batch} are taken")
        if not given:
            return []
        input_bytes = max(sum(array.nbytes for array in inputs.values()) for inputs in given)
        with self.use(variant, self.footprint(variant).work_on(input_bytes)) as session:
            return [session.run(inputs, keeps_work=k < len(given)) for k, inputs in enumerate(given, 1)]

    @contextmanager
    def use(self, variant: Variant, work_bytes: int) -> Iterator[Session]:
        """The loaded network, with bytes leased for its work; it stays loaded while it is held, and longer unless
        its last run kept memory or failed.

        Raises BudgetRefused where the bytes could never be had, ModelMissing and ModelDamaged.
        """
        while True:
            resident, is_mine = self._claim(variant)
            work = None
            if is_mine and self._load(resident, work_bytes):
                break
            if not is_mine and (work := self._wait_for(resident, work_bytes)):
                break
        assert resident.session is not None and resident.lease is not None
        try:
            yield resident.session
        finally:
            with self._lock:
                resident.users -= 1
                holds_work = resident.users == 0 and resident.session.holds_work
                if holds_work:  # which only its end gives back
                    self._residents.pop(variant.key, None)
                elif work is None:
                    resident.lease.shrink(resident.resident_bytes)
            if holds_work:
                self._unload(resident)
            if work is not None:
                work.release()
            self._make_room()

    def footprint(self, variant: Variant) -> Footprint:
        """What it takes: as measured when it was last loaded here, else as the catalog says."""
        return self._measured.get(variant.key, variant.footprint)

    @property
    def resident(self) -> list[Key]:
        """The networks that are loaded now."""
        with self._lock:
            return [key for key, one in self._residents.items() if one.session is not None]

    def unload_bytes(self, wanted_bytes: int) -> int:
        """Unload networks that nobody uses, the least missed first, until `wanted_bytes` are free; how many are."""
        freed = 0
        while freed < wanted_bytes:
            least = self._take_least(spare_wanted=self._is_busy())
            if least is None:
                break
            freed += self._unload(least)
        return freed

    def close(self) -> None:
        """Unload all; waits for nobody, so nobody may use one any more."""
        with self._lock:
            gone, self._residents = list(self._residents.values()), {}
        for one in gone:
            self._unload(one)

    # ---- inside ----------------------------------------------------------------------------------------------------

    def _claim(self, variant: Variant) -> tuple[Resident, bool]:
        """The resident of `variant`, and whether the caller is to load it; if not, it counts as one who wants it."""
        with self._lock:
            for key in self._uses:
                self._uses[key] *= _FADES
            self._uses[variant.key] = self._uses.get(variant.key, 0.0) + 1
            found = self._residents.get(variant.key)
            if found is not None:
                found.wanted += 1
                return found, False
            made = self._residents[variant.key] = Resident(variant)
            return made, True

    def _wait_for(self, resident: Resident, work_bytes: int) -> Lease | None:
        """A lease of its work, once it is loaded, and the resident held; None where it is loaded no more."""
        try:
            resident.ready.wait()
            work = self._requests.lease(work_bytes, f"work of {resident.variant.name}")
        except BaseException:
            with self._lock:
                resident.wanted -= 1
            raise
        with self._lock:
            resident.wanted -= 1
            if self._residents.get(resident.variant.key) is resident and resident.session is not None:
                resident.users += 1
                return work
        work.release()  # it was unloaded, or its load failed, while bytes were waited for
        return None

    def _make_room(self) -> None:
        """Unload for requests that wait: when they asked, what has just been used could not go.

        While others use a network, or have the bytes to, none goes that somebody wants: their end makes room.
        """
        while waiting := self._pool.waiting:
            least = self._take_least(spare_wanted=self._is_busy() or self._requests.asking > waiting)
            if least is None:
                return
            self._unload(least)

    def _take_least(self, spare_wanted: bool) -> Resident | None:
        """The idle network that is least missed, no longer among the residents; those that nobody wants first."""
        with self._lock:
            idle = [one for one in self._residents.values() if self._is_idle(one) and not (spare_wanted and one.wanted)]
            if not idle:
                return None
            least = min(idle, key=lambda one: (one.wanted > 0, one.load_s * self._uses.get(one.variant.key, 0.0)))
            return self._residents.pop(least.variant.key)

    def _is_busy(self) -> bool:
        with self._lock:
            return any(one.users for one in self._residents.values())

    def _is_idle(self, one: Resident) -> bool:
        return one.session is not None and one.users == 0 and one.variant.name not in self._pinned

    def _pinned_bytes(self) -> int:
        with self._lock:
            residents = [one for one in self._residents.values() if one.variant.name in self._pinned]
        return sum(one.resident_bytes for one in residents if one.session is not None)

    def _load(self, resident: Resident, work_bytes: int) -> bool:
        """Load it; its lease has room for the work that comes after, until that ends. False where it took more than
        could be had at once: the next time that much is asked for from the start.
        """
        variant, lease, session = resident.variant, None, None
        expected_bytes = self.footprint(variant).resident_bytes
        try:
            lease = self._requests.lease(expected_bytes + work_bytes, f"{variant.name} ({variant.precision})")
            with self._loading:  # one at a time, so that what each takes can be told
                start_s, before_bytes = self._clock(), own_anonymous_bytes()
                session = Session(variant, self._threads, spins=self._spins)
                return_to_kernel()
                resident.load_s = self._clock() - start_s
                taken_bytes = own_anonymous_bytes() - before_bytes
            resident.resident_bytes = self._corrected(variant, expected_bytes, taken_bytes)
            if resident.resident_bytes > expected_bytes:
                lease.grow(resident.resident_bytes + work_bytes, wait_s=_GROW_WAIT_S)
        except BaseException as error:
            was_loaded, session = session is not None, None  # its memory first, then the ledger's bytes
            self._forget(resident, lease)
            if not isinstance(error, BudgetRefused):
                raise
            if error.retry_s is None:  # never: what it seemed to take may have been the memory of other threads
                self._measured.pop(variant.key, None)
                tried = self._too_large[variant.key] = self._too_large.get(variant.key, 0) + 1
                if not was_loaded or tried >= _LOADS_TRIED:
                    del self._too_large[variant.key]
                    raise
            return False
        self._too_large.pop(variant.key, None)
        with self._lock:
            resident.session, resident.lease, resident.users = session, lease, 1
            self.loads += 1
        resident.ready.set()
        return True

    def _forget(self, resident: Resident, lease: Lease | None) -> None:
        """It could not be loaded: give its bytes back, let others try."""
        if lease is not None:
            return_to_kernel()
            lease.release()
        with self._lock:
            self._residents.pop(resident.variant.key, None)
        resident.ready.set()
        self._make_room()

    def _corrected(self, variant: Variant, expected_bytes: int, taken_bytes: int) -> int:
        """What it is held to take. Other threads' memory shows in what was taken now: where the catalog has a figure
        that was measured alone, only more than that counts.
        """
        known = variant.measured
        if known is not None and taken_bytes <= known.resident_bytes * _NOISE:
            self._measured.pop(variant.key, None)
            return known.resident_bytes
        corrected = max(taken_bytes, expected_bytes // 2)
        self._measured[variant.key] = self.footprint(variant)._replace(resident_bytes=corrected)
        return corrected

    def _unload(self, one: Resident) -> int:
        """Let go of it and give its bytes back: to the kernel, and only then to the ledger. How many they were."""
        lease, one.session, one.lease = one.lease, None, None
        gc.collect()
        return_to_kernel()
        with self._lock:
            self.unloads += 1
        if lease is None:
            return 0
        freed = lease.size_bytes
        lease.release()
        return freed
