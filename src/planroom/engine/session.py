"""A network that is loaded, and its runs.

Runs one at a time, on its own threads, which sleep between runs; whether they spin in one, waiting for each other, is
chosen when it is opened: a fifth faster where the cores are free, slower where other work wants them. What a run took
goes back to the kernel at its end, unless another follows under the same lease: pages that the kernel hands out anew
are a quarter of a short run. Outputs are written into arrays of the caller's, so that nothing of the runtime's own
memory stays in use.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planroom.engine.catalog import Variant
from planroom.errors import BadModelInput, BadModelOutput, ModelDamaged

Arrays = dict[str, NDArray[Any]]
_DTYPES: Final[dict[str, type[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}


class Shape(NamedTuple):
    """axes: numbers that are fixed, names of axes that vary."""

    axes: tuple[int | str, ...]
    dtype: type[Any]


class Session:
    """A loaded variant. Thread-safe: one run at a time. holds_work: whether memory of a run's work may still be held.

    Raises ModelMissing or ModelDamaged where its files are not what the catalog lists, or cannot be loaded.
    """

    def __init__(self, variant: Variant, threads: int, *, spins: bool = True):
        variant.check()
        self.variant = variant
        self._lock = threading.Lock()
        self._session = _open(variant, threads, spins)
        # the runtime's own descriptions keep the whole session alive, so only what they say is kept
        self.inputs = {one.name: self._shape(one) for one in self._session.get_inputs()}
        self.outputs = {one.name: self._shape(one) for one in self._session.get_outputs()}
        self.holds_work = False

    def run(self, inputs: Mapping[str, NDArray[Any]], *, keeps_work: bool = False) -> Arrays:
        """The outputs by name, arrays of the caller's. Raises BadModelInput for names, shapes or types that it does
        not take, BadModelOutput where an output is not finite.

        keeps_work: the memory of its work stays for the run that follows.
        """
        sizes = self.sizes(inputs)
        try:
            made = self._bound(inputs, sizes, keeps_work) if self._is_bound else self._unbound(inputs, keeps_work)
        except MemoryError:
            raise
        except Exception as error:  # the runtime's errors have no common class but this
            shapes = ", ".join(f"{name} {array.shape}" for name, array in inputs.items())
            raise self._bad(f"cannot run on {shapes}: {_said(error)}") from error
        for name, array in made.items():
            if not np.isfinite(array).all():
                raise BadModelOutput(f"{self.variant.name} ({self.variant.precision}): {name} is not finite")
        return made

    def sizes(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, int]:
        """The sizes of the axes that vary. Raises BadModelInput."""
        sizes: dict[str, int] = {}
        if set(inputs) != set(self.inputs):
            raise self._bad(f"takes {', '.join(self.inputs)}, was given {', '.join(inputs) or 'nothing'}")
        for name, shape in self.inputs.items():
            array = inputs[name]
            if array.ndim != len(shape.axes) or array.dtype != shape.dtype or 0 in array.shape:
                raise self._bad(f"{name} is {array.dtype} {array.shape}, not {_words(shape)}")
            for axis, size in zip(shape.axes, array.shape, strict=True):
                if (sizes.setdefault(axis, size) if isinstance(axis, str) else axis) != size:
                    raise self._bad(f"{name} is {array.shape}, not {_words(shape)}")
        return sizes

    @property
    def runtime(self) -> Any:
        """ONNX Runtime's own session. Whoever keeps it keeps the network loaded."""
        return self._session

    @property
    def _is_bound(self) -> bool:
        """Whether the shapes of all outputs follow from those of the inputs."""
        given = {axis for shape in self.inputs.values() for axis in shape.axes if isinstance(axis, str)}
        return all(not isinstance(axis, str) or axis in given for shape in self.outputs.values() for axis in shape.axes)

    def _bound(self, inputs: Mapping[str, NDArray[Any]], sizes: dict[str, int], keeps_work: bool) -> Arrays:
        made = {
            name: np.empty([sizes[axis] if isinstance(axis, str) else axis for axis in shape.axes], shape.dtype)
            for name, shape in self.outputs.items()
        }
        binding = self._session.io_binding()
        kept = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        for name, array in kept.items():
            binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        for name, array in made.items():
            binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        with self._lock, self._working(keeps_work) as options:
            self._session.run_with_iobinding(binding, options)
        return made

    def _unbound(self, inputs: Mapping[str, NDArray[Any]], keeps_work: bool) -> Arrays:
        with self._lock, self._working(keeps_work) as options:
            made = self._session.run(list(self.outputs), dict(inputs), options)
        return {name: np.array(array) for name, array in zip(self.outputs, made, strict=True)}

    @contextmanager
    def _working(self, keeps_work: bool) -> Iterator[Any]:
        """Options of a run; one that fails may leave behind what it took."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        if not keeps_work:
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self.holds_work = True
        yield options
        self.holds_work = keeps_work

    def _shape(self, described: Any) -> Shape:
        """An axis without a name varies on its own."""
        if described.type not in _DTYPES:
            known = f"{self.variant.name} ({self.variant.precision})"
            raise ModelDamaged(f"{known}: {described.name} is {described.type}, which planroom has no arrays for")
        axes = (axis or f"{described.name}?{k}" for k, axis in enumerate(described.shape))
        return Shape(tuple(axes), _DTYPES[described.type])

    def _bad(self, what: str) -> BadModelInput:
        return BadModelInput(f"{self.variant.name} ({self.variant.precision}): {what}")


def _open(variant: Variant, threads: int, spins: bool) -> Any:
    import onnxruntime  # half a second that vector sheets never need

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spins)))
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if variant.is_mapped:
        options.add_session_config_entry("session.disable_prepacking", "1")
    try:
        return onnxruntime.InferenceSession(str(variant.graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's errors have no common class but this
        raise ModelDamaged(f"{variant.name} ({variant.precision}) cannot be loaded: {_said(error)}") from error


def _said(error: Exception) -> str:
    """The first line of what the runtime says, without its end."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _words(shape: Shape) -> str:
    return f"{np.dtype(shape.dtype)} ({', '.join(map(str, shape.axes))})"
