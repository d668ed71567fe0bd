"""Block: an op with its attrs fixed. Calling it on arrays computes; calling it on wires builds graph."""

from __future__ import annotations

import inspect
import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

import numpy as np

from dataflow.core import dtypes, evaluator, typing_rules, workspace
from dataflow.core.attrs import Dtype, Ints, Tensor, attr, key, show
from dataflow.core.display import Shown
from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import BlockError, RunError, kind_of, listing, nearest
from dataflow.core.kernel_inputs import KernelInputs
from dataflow.core.known_calls import call_key, known_call, remember_call
from dataflow.core.numpy_state import FixedNumpyState
from dataflow.core.ports import In, Literal, Out, Signature, flat
from dataflow.core.quantized import Quantizable
from dataflow.core.registry import blocks
from dataflow.core.run_errors import memory_message, out_of_memory
from dataflow.core.shapes import Shape, TensorType, broadcast, impossible
from dataflow.core.typing_rules import OperandType
from dataflow.core.wire import Wire

if TYPE_CHECKING:
    from dataflow.core.random import Key

__all__ = ["Block", "Dtype", "In", "Ints", "Literal", "Out", "Shape", "Tensor", "TensorType", "attr", "broadcast"]

MISSING_GRADIENT = object()
THROUGH_BODY = object()  # the gradient of a composite that has no rule of its own


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attr,))
class Block(Shown, Quantizable, KernelInputs):
    """The root of all blocks; `dataflow.core.kinds` has the bases to derive from.

    A subclass writes its ports (class attributes without annotation), attrs (annotated, by `attr`), type variables
    (a name and the tuple of dtypes it may be), ``kernel``, where its kind does not give one ``shape_of``, and ``grad``.

    kernel(self, <inputs in port order>, out=None) -> array, or tuple of arrays
        Whole arrays in and out. With ``out`` in its signature it writes the first output there and returns it.
        Inputs that a ``precompute`` method names are taken out and replaced by its one result, made once per run.
        With ``key=None`` in its signature it gets a `Key` to draw random numbers by; None outside of a graph.
    bind(self, memory, <a TensorType per input>) -> kernel for inputs of these types
        In place of ``kernel``, where much follows from the types; `dataflow.core.workspace` says how. With ``draws =
        True`` that kernel gets a ``key``.
    shape_of(self, <a TensorType per input>) -> shape, or list of shapes
        Only for outputs whose port declares none.
    grad(self, <inputs>, <outputs>, <a gradient per output>) -> a gradient per input
        On wires, with blocks and operators; one value alone belongs to the first input, None lets nothing flow.
        ``grad = None`` lets nothing flow at all. A block with a port called ``grad`` writes the rule as ``backward``.
    """

    node_name: ClassVar[str] = ""  # of a node that is given none: the name of the class in snake case
    aliases: ClassVar[tuple[str, ...]] = ()
    found_by: ClassVar[tuple[str, ...]] = ()  # further words for it, the most usual one first
    reuses: ClassVar[tuple[str, ...]] = ()
    pure: ClassVar[bool] = True  # False: a second run may give another value, so nothing may be computed ahead
    feedable: ClassVar[bool] = False  # True: a run may be fed the value, by default it is the first input
    stateful: ClassVar[bool] = False  # True: the value is kept from run to run, and blocks with `assigns` change it
    assigns: ClassVar[Mapping[str, str]] = MappingProxyType({})  # input wired to a variable -> output that is its next
    smooth: ClassVar[bool] = True  # False: the gradient is a convention (straight-through), not the slope of the kernel
    training: ClassVar[str] = ""  # the attr by which it goes by statistics of the batch, until its own are frozen
    better: ClassVar[str] = ""  # of a metric or loss: "max" if more is better, "min" if less is
    grad: ClassVar[Any] = MISSING_GRADIENT
    bind: ClassVar[Any] = None
    written_bind: ClassVar[Any] = None  # that of the base, where a subclass has a kernel
    remark: ClassVar[Any] = None  # a method: what a plan says of how the kernel goes about inputs of these types
    element: ClassVar[Any] = None  # a static method: one element of each output from one of each input, for compilers
    rounds_once: ClassVar[Any] = False  # True: 16-bit floats are computed in float32, and only the results rounded
    per_channel: ClassVar[tuple[str, ...]] = ()  # parameters of `element` that have a number for each channel
    uses_cores: ClassVar[bool] = False  # True: the kernel multiplies matrices, on several threads
    broadcasts: ClassVar[bool] = False  # True: the kernel takes inputs that broadcast
    draws: ClassVar[bool] = False  # True: the kernel that `bind` gives draws random numbers by a key
    takes_out: ClassVar[bool] = False
    takes_key: ClassVar[bool] = False

    def __init_subclass__(cls, abstract: bool = False, **options: object) -> None:
        super().__init_subclass__(**options)
        joined = Signature.joined(base.signature for base in cls.__bases__ if issubclass(base, Block))
        cls.node_name = _NEW_WORD.sub("_", cls.__name__).lower()
        cls.signature = joined.inherit(cls.__name__, vars(cls), vars(cls).get("__annotations__", {}))
        if isinstance(vars(cls).get("grad"), In) or "backward" in vars(cls):  # the port is in the signature now
            cls.grad = vars(cls).get("backward")
        if "bind" in vars(cls):
            cls.kernel, cls.written_bind = cls._bound_kernel, cls.bind  # type: ignore[method-assign]
        elif "kernel" in vars(cls):
            cls.bind = None
        parameters = inspect.signature(cls.kernel).parameters
        cls.takes_out, cls.takes_key = "out" in parameters, "key" in parameters or (cls.bind is not None and cls.draws)
        cls.precomputed_ports = tuple(inspect.signature(cls.precompute).parameters)[1:] if cls.precompute else ()
        if not abstract:
            typing_rules.check_declaration(cls)
            blocks.register(cls)

    def __init__(self, /, *given: object, **attrs: object):
        known = self.signature.attrs
        if given:
            raise BlockError(f"{self._who}: attrs must be given by name, got {kind_of(given[0])}; write {self._usage}")
        for name in attrs:
            if name not in known:
                hint = nearest(name, known) or (f"it has {listing(known, 'and')}" if known else "it has none")
                hint = f"it is an input: write {self._usage}" if name in self.signature.inputs else hint
                raise BlockError(f"{self._who} has no attr '{name}'; {hint}")
        for name, declared in known.items():
            value = attrs.get(name, declared.default)
            if value is declared.default and declared.required:
                raise BlockError(f"{self._who}: attr '{name}' must be given: {declared.doc}")
            try:
                self.__dict__[name] = value if value is declared.default else declared.parse(value)
            except ValueError as error:
                raise BlockError(f"{self._who}: attr '{name}' {error}") from None
        self.check()

    def check(self) -> None:
        """Raise BlockError where attrs contradict each other."""

    # -- what a block author writes -----------------------------------------------------------------------------

    def kernel(self, *arrays: Any) -> Any:
        """The outputs for these inputs, an array or a tuple of arrays; see above."""
        raise TypeError(f"{self._who}: a block must have a kernel, got none; write one")

    def _bound_kernel(
        self, *arrays: Array | tuple[Array, ...] | None, out: Array | None = None, **drawn_by: Key
    ) -> Any:
        """The kernel of blocks that bind."""
        return workspace.call(self, arrays, out, **drawn_by)

    def shape_of(self, *types: Any) -> Any:
        """The shape of the output for inputs of these types, or a list of shapes; see above."""
        raise TypeError(f"{self._who}: outputs must have a shape, got none; write shape_of")

    @property
    def streams(self) -> bool:
        """Whether each output element needs only the input elements at the same index, so that tiles may be cut."""
        return False

    def channel_axis(self, rank: int) -> int | None:
        """The axis of an output of this rank that an input of declared shape lies along; no tile cuts it."""
        return None

    def broadcast_shapes(self, *types: Any) -> list[Any]:
        """The shape that each input broadcasts from, a list if variadic; None for an input that is needed whole."""
        return [
            None
            if port.shape is not None or port.name in self.precomputed_ports or given is None
            else [t.shape for t in given]
            if isinstance(given, tuple)
            else given.shape
            for port, given in zip(self.signature.inputs.values(), types, strict=True)
        ]

    @property
    def reduces(self) -> tuple[Any, ...]:
        """The ufunc that folds the partial values of each output; None for an output that is made by tiles."""
        return tuple(port.reduce for port in self.signature.outputs.values())

    def row_width(self, *types: Any) -> int | None:
        """The width for which `partials` can fold the first input, seen as ``[rows, width]``, over its rows; else None.

        The outputs then have ``width`` elements each.
        """
        return None

    def partials(self, rows: Array) -> Any:
        """The outputs folded over some rows, ``[rows, width]``, in the dtype that partial values are folded in."""
        raise TypeError(f"{self._who}: a block with a row_width must have partials, got none; write it")

    def finalize(self, totals: Sequence[Any], rows: int) -> Sequence[Any]:
        """The outputs, in any shape, from the partial values folded over all rows, of which there are ``rows``."""
        return totals

    def element_args(self, dtype: DType, precomputed: Any) -> tuple[Any, ...] | None:
        """What ``element`` takes after inputs, of which the first has this dtype, by the result of `precompute`.

        In that dtype, or in that of the output where it is floating; 16-bit floats are given in float32. None:
        ``element`` cannot be used.
        """
        return ()

    @property
    def compiled_partials(self) -> Callable[..., Any] | None:
        """`partials` that Numba compiles, with equal bits; None if there is none.

        It is called with many tiles at once where possible: how rows are divided must make no difference.
        """
        return None

    def narrowed(self, used: Set[str]) -> Block:
        """A faster block that computes only the named outputs; this one if there is none."""
        return self

    def same_as(self, known: Mapping[str, Array]) -> str | None:
        """The input that the one output is the same as, by values that are known of others; None where that is none."""
        return None

    def decomposed(self, *types: Any) -> Sequence[Block]:
        """A block to run instead where that is faster, or two: the second takes the first's result and other inputs."""
        return ()

    def workspace(self, *types: Any) -> int:
        """Bytes that the kernel needs besides inputs and outputs while it runs, for inputs of known types."""
        if self.bind is None:
            return 0
        memory = workspace.counted(self, types)
        return memory.nbytes + memory.borrowed + memory.kept

    # -- types --------------------------------------------------------------------------------------------------

    def operand_types(self, operands: Sequence[Any], type_of: Callable[[Any], TensorType]) -> list[OperandType]:
        """The type of each operand, in port order: literals take the dtype of the values beside them.

        Raises BlockError that names the port whose dtype or shape does not fit.
        """
        return typing_rules.operand_types(self, operands, type_of)

    def output_types(self, types: Sequence[OperandType]) -> list[TensorType]:
        """The type of each output for operands of these types; BlockError where no array can have it."""
        outputs = self.infer(*types)
        for i, type_ in enumerate(outputs):
            if wrong := impossible(type_):
                raise self.error(f"output '{list(self.signature.outputs)[i]}' {wrong}; give smaller inputs")
        return outputs

    def infer(self, *types: Any) -> list[TensorType]:
        """The rule behind `output_types`: dtypes from the ports, shapes from the ports or ``shape_of``."""
        return typing_rules.infer(self, types)

    # -- running ------------------------------------------------------------------------------------------------

    def __call__(self, /, *args: object, name: str | None = None, **named: object) -> Any:
        """On arrays: the result, an array or a named tuple. On wires: wires to a new node, called ``name`` if given."""
        if name is not None and not isinstance(name, str):  # a value for a port called `name`: no port takes text
            named, name = {**named, "name": name}, None
        key = None if named or name else call_key(self, args)
        arrays: Sequence[Any]
        if (known := known_call(self, key, args)) is not None:
            outputs, arrays = known
        else:
            operands = self.signature.bind(self._who, args, named)
            wire = next((o for o in flat(operands) if isinstance(o, Wire)), None)
            if wire is not None:
                return wire.graph.add(self, operands, name=name)
            types = self.operand_types(operands, TensorType.of)
            outputs = self.output_types(types)
            arrays = [tuple(t.value for t in ts) if isinstance(ts, tuple) else ts and ts.value for ts in types]
            if key is not None:
                remember_call(self, key, args, arrays, outputs)
        try:
            return self.pack(evaluator.current().compute(self, arrays, outputs))
        except Exception as error:
            if out_of_memory(error):
                raise RunError(f"{self._who}: {memory_message(error, outputs)}") from error
            raise

    def compute(self, arrays: Sequence[Any], outputs: Sequence[TensorType], **key: Key) -> list[Array]:
        """Run the kernel on whole arrays in port order, a ``key`` for random draws; results are cast as declared."""
        with FixedNumpyState():
            return self.computed(arrays, outputs, **key)

    def computed(self, arrays: Sequence[Any], outputs: Sequence[TensorType], **key: Key) -> list[Array]:
        """What `compute` gives, where NumPy's state is fixed already."""
        results = self.kernel(*self.kernel_args(arrays), **key)
        if len(outputs) == 1:
            results = (results,)
        return [np.asarray(r, dtypes.storage(t.dtype)) for r, t in zip(results, outputs, strict=True)]

    def kernel_for(self, dtype: DType) -> Callable[..., Any]:
        """The most direct callable for a first output of this dtype, for the planner to bind."""
        return self.kernel

    @property
    def makes_value(self) -> bool:
        """Whether a feedable block without inputs has a value when it is not fed."""
        return False

    def pack(self, values: Sequence[Any]) -> Any:
        """One value as it is, several as a named tuple, none as None."""
        if len(self.signature.outputs) == 1:
            return values[0]
        return _tuple_type(type(self).__name__, tuple(self.signature.outputs))(*values) if values else None

    # -- being a value ------------------------------------------------------------------------------------------

    def attrs(self) -> dict[str, Any]:
        """The attrs that differ from their defaults."""
        return {n: v for n, v in self.__dict__.items() if n in self.signature.attrs and not self._is_default(n, v)}

    def _is_default(self, name: str, value: object) -> bool:
        default = self.signature.attrs[name].default
        return value is default or (not self.signature.attrs[name].required and key(value) == key(default))

    def error(self, text: str) -> BlockError:
        """An error that starts with the name of the block."""
        return BlockError(f"{self._who}: {text}")

    @property
    def _usage(self) -> str:
        """How the block is made and called: ``Cast(DstT=...)(x)``."""
        attrs = [f"{name}=..." for name, attr in self.signature.attrs.items() if attr.required]
        return f"{self._who}({', '.join(attrs)})({', '.join(self.signature.inputs)})"

    @property
    def _who(self) -> str:
        return type(self).__name__

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        return (type(self), *(key(self.__dict__[n]) for n in self.signature.attrs))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Block) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"{self._who}({', '.join(f'{n}={show(v)}' for n, v in self.attrs().items())})"

    def __getstate__(self) -> dict[str, Any]:
        return {n: v for n, v in self.__dict__.items() if not n.startswith("_")}  # without what it remembers

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self._who} is frozen; make a new one: {self._who}({name}=...)")


_NEW_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def _tuple_type(name: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(f"{name}Outputs", fields)
