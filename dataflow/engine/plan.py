"""Plans: a graph made ready to run, with a program per set of input shapes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from dataflow.core.cancellation import CancelFlag
from dataflow.core.display import Shown
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, kind_of, way_out
from dataflow.core.run_errors import way_to_fit
from dataflow.core.shapes import Shape, TensorType, show
from dataflow.core.thread_pool import ThreadLimit
from dataflow.engine.execute import Execution
from dataflow.engine.fates import Event, Fates, fates
from dataflow.engine.feeds import Fed, Inputs, check_ambiguity, check_state, feeds_by_name, must_be_fed
from dataflow.engine.following import follow
from dataflow.engine.jit import WARM
from dataflow.engine.lower import lower, passes
from dataflow.engine.memory_order import common_order
from dataflow.engine.program import Program
from dataflow.engine.settings import Settings
from dataflow.engine.watching import Hooks, Observe, Trace, Watch, is_all, watched_ports, within_reach
from dataflow.graph.arguments import as_graph
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def plan(
    graph: Graph,
    shapes: Mapping[str, Sequence[int]] | None = None,
    /,
    *,
    threads: int | None = None,
    kernels: str | None = None,
    fuse: bool | None = None,
    max_bytes: int | None = None,
    watch: Watch = None,
    **named: Sequence[int],
) -> Plan:
    """A plan of the graph; ``print`` shows its steps once the shapes of all inputs are known.

    Parameters
    ----------
    shapes, named : the shape of each input whose dims the graph does not fix, in a dict or as keywords.
    threads, kernels, fuse, max_bytes : `dataflow.engine.settings.Settings`; they change no bit of the results.
    watch : ports whose values `Plan.run` shows to ``observe``, by name as in a graph file: ``["conv1", "norm.mean"]``;
        or ``"all"``, every port of every node, but for those that need an input which is not fed. They change no bit
        either; nodes that no output needs run if one of their ports is watched.

    Raises
    ------
    GraphError
        When a shape does not fit its input, or a run would hold more than ``max_bytes`` beside its inputs.
    """
    graph = as_graph(graph, "flow.plan(graph, ...)")
    check_ambiguity(graph, shapes, threads=threads, kernels=kernels, fuse=fuse, max_bytes=max_bytes, watch=watch)
    made = Plan(graph, settings=Settings.of(threads, kernels, True if fuse is None else fuse, max_bytes), watch=watch)
    if shapes or named or all(t.known for t in graph.inputs.values()):
        made.at(shapes, **named)
    return made


def _inputs(key: InputKey) -> str:
    """``x[3, 4], y[]``."""
    return ", ".join(f"{name}{show(shape)}" for name, shape in key) or "no inputs"


InputKey = tuple[tuple[str, Shape], ...]  # the names and shapes of inputs


class State(Protocol):
    """What a run needs of a `dataflow.engine.state.State`, which lies above a plan."""

    variables: dict[str, Array]
    seed: int
    step: int

    def commit(self, changed: Mapping[str, Array]) -> None:
        """Give these variables their next values, all at once."""


class Plan(Shown):
    """A graph made ready to run: one program per set of input shapes, made when they are first given.

    A plan may be pickled, and run in several threads at once. Planned for ``steps`` it also computes the next values of
    variables; a run then takes a state and changes it.

    Raises GraphError where the graph has no outputs.
    """

    def __init__(self, graph: Graph, steps: bool = False, settings: Settings | None = None, watch: Watch = None):
        self.graph, self.settings = graph.copy(), settings or Settings.of()
        self._next: dict[str, str] = {}  # the output that is the next value of a variable, by the variable
        for variable, link in self.graph.updates.items() if steps else ():
            name = f"{variable}'"
            while name in self.graph.outputs:
                name += "'"
            self.graph.outputs[name] = link
            self._next[variable] = name
        graph = self.graph
        self.watched = watched_ports(graph, watch)
        if not graph.outputs and not self.watched:
            name_one = way_out("name one with graph.output", "name one under 'outputs'")
            raise GraphError(f"graph '{graph.name}': must have outputs to run, got none; {name_one}")
        if wrong := [name for name, link in graph.outputs.items() if not isinstance(link, Link)]:
            got = kind_of(graph.outputs[wrong[0]])
            raise GraphError(f"graph '{graph.name}': output '{wrong[0]}' must be made by graph.output, got {got}")
        self.programs: dict[InputKey, Program] = {}
        self._idle: dict[InputKey, list[Execution]] = {}  # that no run is using
        self._seconds = 0.0  # spent in runs so far, with kernels "auto"
        self._fates: dict[InputKey, Fates] = {}
        self._watches_all = is_all(watch)
        chosen = () if self._watches_all else self.watched.values()
        needed = graph.ancestors(link.node for link in (*graph.outputs.values(), *chosen))
        self.inputs = Inputs(graph, needed)

    def run(
        self,
        feeds: Mapping[str, ArrayLike] | None = None,
        /,
        trace: Trace | None = None,
        state: State | None = None,
        seed: int | None = None,
        observe: Observe | None = None,
        cancel: CancelFlag | None = None,
        **named: ArrayLike,
    ) -> dict[str, Array]:
        """The outputs by name, as arrays.

        Parameters
        ----------
        feeds, named : the inputs, in a dict or as keywords; one with the name of an option must be in the dict.
        trace : called with a `dataflow.engine.fates.Event` for each node: at first for those without a step, then for
            the others as they are done. With ``fuse=False`` in `plan` the seconds are exact, else steps that run
            together share theirs.
        state : the values of variables, which it replaces by their next ones when all steps are done.
        seed : decides the random numbers where there is no state; 0 by default.
        observe : called with the name, ``node.port``, and the value of each watched port, once, as soon as it is known.
            The array is read-only; it may share memory with inputs and outputs, and later runs leave it as it is.
        cancel : a flag such as a `threading.Event`; once it is set, by another thread or by ``observe``, the run ends.

        Raises
        ------
        GraphError
            When an input is missing, unknown, or of another dtype or shape than declared.
        RunError
            When a kernel fails; the message names the node. The state is then what it was.
        Cancelled
            When ``cancel`` is set before the run is done: between two steps, or two tiles of one. The state is then
            what it was.
        """
        hooks = None if observe is None and trace is None and cancel is None else Hooks(observe, trace, cancel)
        if hooks is not None:
            hooks.check(self.graph, feeds, self.watched)
        if seed is not None or state is not None:
            check_state(self.graph, feeds, seed, state)
        variables = {} if state is None else {n: v for n, v in state.variables.items() if n in self.inputs.declared}
        feeds = named if feeds is None else feeds if type(feeds) is dict and not named else feeds_by_name(feeds, named)
        fed = self.inputs.fed({**variables, **feeds} if variables else feeds)
        arrays, copied = fed.arrays, fed.copied
        if fed.turned:
            self._put_in_order(fed)
        key = tuple([(name, array.shape) for name, array in arrays.items()])
        executions = self._idle.get(key)
        if executions is None or copied:
            self._admit(self._program(arrays), sum(copied.values()))
            executions = self._idle.setdefault(key, [])
        looking = None
        if hooks is not None:
            shapes = {name: array.shape for name, array in arrays.items()}
            looking = partial(
                follow, hooks=hooks, fates=self._fates_for(self.inputs.types(shapes)) if trace else Fates()
            )
        began = time.perf_counter()
        with ThreadLimit(self.settings.threads):
            try:
                execution = executions.pop()
            except IndexError:
                execution = Execution(self._program(arrays))
            outputs = execution.run(arrays, looking, *((seed or 0, 0) if state is None else (state.seed, state.step)))
        executions.append(execution)
        if self.settings.kernels == "auto":
            self._warm(time.perf_counter() - began)
        changed = {variable: outputs.pop(name) for variable, name in self._next.items()}
        if state is not None:
            state.commit(changed)
        return outputs

    def _warm(self, seconds: float) -> None:
        """Plan again, with compiled kernels, once the runs have taken so long that compiling pays."""
        self._seconds += seconds
        if self._seconds > WARM:
            self.settings = replace(self.settings, kernels="jit")
            self.programs, self._idle = {}, {}

    def free_memory(self) -> None:
        """Give back the memory that runs have worked in; the next one takes its own."""
        self._idle = {key: [] for key in self._idle}

    @property
    def peak_bytes(self) -> int:
        """Bytes that a run holds beside its inputs, at most; that of the largest program made so far."""
        return max((made.peak_bytes for made in self.programs.values()), default=0)

    def at(self, shapes: Mapping[str, Sequence[int]] | None = None, /, **named: Sequence[int]) -> Program:
        """The program for inputs of these shapes; those that the graph fixes may be left out.

        Raises GraphError where a shape is unknown, does not fit, or is too large for ``max_bytes``.
        """
        types = self.inputs.types(feeds_by_name(shapes, named))
        key = tuple((name, t.shape) for name, t in types.items())
        made = self.programs.get(key)
        if made is None:
            with ThreadLimit(self.settings.threads):
                made = lower(self.graph, types, self.graph.outputs, self.settings, self.watched_with(types))
            most = self.settings.max_bytes
            if most is not None and made.peak_bytes > most:
                raise GraphError(
                    f"graph '{self.graph.name}': a run must hold at most {most} bytes, got {made.peak_bytes} for "
                    f"{_inputs(key)}{made.largest}; {way_to_fit()}"
                )
            self.programs[key] = made
            self._idle[key] = []
        return made

    def watched_with(self, types: Mapping[str, object]) -> Mapping[str, Link]:
        """The watched ports when these inputs are fed; of all ports those whose inputs are."""
        unfed = {n for n in self.inputs.declared if n not in types and must_be_fed(self.graph.nodes[n])}
        return within_reach(self.graph, self.watched, unfed) if self._watches_all and unfed else self.watched

    def fates(self, shapes: Mapping[str, Sequence[int]] | None = None, /, **named: Sequence[int]) -> dict[str, Event]:
        """What would become of each node of the graph in a run with inputs of these shapes, and why.

        The events are those of a trace, without seconds and values. Raises GraphError where a shape is unknown or does
        not fit.
        """
        found = self._fates_for(self.inputs.types(feeds_by_name(shapes, named)))
        return {name: found[name] for name in self.graph.nodes}

    def _fates_for(self, types: Mapping[str, TensorType]) -> Fates:
        key = tuple((name, t.shape) for name, t in types.items())
        if key not in self._fates:
            watched = self.watched_with(types)
            passed = passes(self.graph, types, self.graph.outputs, self.settings, watched)
            next_values = {name: variable for variable, name in self._next.items()}
            self._fates[key] = fates(self.graph, passed, types, self.watched, next_values)
        return self._fates[key]

    def _program(self, arrays: Mapping[str, Array]) -> Program:
        self.inputs.check_all_fed(arrays)
        return self.at({name: array.shape for name, array in arrays.items()})

    def fed(self, feeds: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """The inputs as contiguous arrays of their dtypes, by name; GraphError where they cannot be run with."""
        fed = self.inputs.fed(feeds_by_name(feeds, {}))
        fed.put_in_order()
        self.inputs.check_all_fed(fed.arrays)
        self.inputs.types({name: array.shape for name, array in fed.arrays.items()})
        return fed.arrays

    def _put_in_order(self, fed: Fed) -> None:
        """Copy inputs that do not lie in the order of their elements, unless the program takes them as they lie."""
        made = self._program(fed.arrays)
        taken = {name for name, slot in made.feeds.items() if slot in made.in_any_order}
        if not taken.issuperset(fed.turned) or common_order([fed.arrays[name] for name in taken]) is None:
            fed.put_in_order()

    def _admit(self, made: Program, copied: int) -> None:
        """Raise GraphError if the program and the copies of inputs take more bytes than a run may hold."""
        most = self.settings.max_bytes
        if most is not None and made.peak_bytes + copied > most:
            raise GraphError(
                f"graph '{self.graph.name}': a run must hold at most {most} bytes, got {made.peak_bytes + copied}, "
                f"{copied} of them for copies of inputs; give contiguous arrays in the byte order of this machine"
            )

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_idle": {key: [] for key in self._idle}}

    def __str__(self) -> str:
        if not self.programs:
            types = {name: self.inputs.declared[name] for name in self.inputs.required}
            unknown = [f"{name}: {type_}" for name, type_ in types.items() if not type_.known]
            give = way_out("give them with plan.at, or run it", "feed them with -i NAME=FILE", "run it")
            return f"no shapes yet for {', '.join(unknown)}; {give}"
        return "\n\n".join(f"for {shapes}\n{made}" for shapes, made in self.by_shapes())

    def by_shapes(self) -> list[tuple[str, Program]]:
        """The programs made so far, each with the shapes of its inputs, ``x[3, 4], y[]``."""
        return [(_inputs(key), made) for key, made in self.programs.items()]
