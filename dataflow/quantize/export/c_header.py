"""A header in C99 that runs the integers of a network, with a test of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, nearest
from dataflow.core.fixed_point import ROUNDINGS
from dataflow.quantize.export.c_arrays import CArray, defined, fits_nibbles, identifiers, initializer
from dataflow.quantize.export.c_blocks import SAME, WRITERS, ends
from dataflow.quantize.export.c_layer import Layer, indented
from dataflow.quantize.export.c_requantize import requantize_function
from dataflow.quantize.export.manifest import RULES
from dataflow.quantize.export.net import IntegerNet, Numbers, Step
from dataflow.training.array_split import RowSplit

_NIBBLE = """\
/* An element of an array that has two in a byte, in two's complement */
static inline int32_t {prefix}_nibble(const uint8_t *packed, int32_t i) {{
    const int32_t code = (packed[i / 2] >> (i % 2 * 4)) & 15;
    return code < 8 ? code : code - 16;
}}"""


def c_header(net: IntegerNet, data: RowSplit, samples: int) -> str:
    """The text of a header: constants, a function for each node, one that runs them all, and a test with some rows.

    Raises DataflowError where a block has no C here, or where real numbers come between integers.
    """
    return _Header(net, data, samples).text()


@dataclass
class _Function:
    layer: Layer
    arguments: list[str]  # what it is called with
    text: str


class _Header:
    def __init__(self, net: IntegerNet, data: RowSplit, samples: int):
        _check(net)
        self.net = net
        self.one, self.many = net.trace(data, 1), net.trace(data, samples)
        self.prefix = identifiers([net.name])[net.name]
        own = [f"requantize_{mode}" for mode in ROUNDINGS] + ["run", "buffers", "nibble"]  # which are no node's
        self.short = identifiers([*net.inputs, *(step.name for step in net.steps), *net.constants], own)
        self.names = {name: f"{self.prefix}_{made}" for name, made in self.short.items()}
        self.places = {name: self._place(name, f"in_{self.short[name]}") for name in net.inputs}
        self.constants: dict[str, CArray] = {}
        self.functions = [made for step in net.steps if (made := self._function(step)) is not None]

    def _place(self, name: str, code: str) -> CArray:
        return CArray(code, str(self.one[name].dtype), self.one[name].shape)

    def _operand(self, name: str) -> CArray:
        if name not in self.net.constants:
            return self.places[name]
        value = self.net.constants[name]
        nibble = f"{self.prefix}_nibble" if fits_nibbles(value) else ""
        return CArray(self.names[name], str(value.dtype), value.shape, value, nibble)

    def _function(self, step: Step) -> _Function | None:
        name = step.name
        inputs = {port: tuple(map(self._operand, names)) for port, names in step.reads.items()}
        made = self._place(name, self.short[name])
        if step.block in SAME:
            given = next(iter(inputs.values()))[0]
            self.places[name] = replace(given, shape=made.shape)
            return None
        writer = WRITERS.get(step.block)
        if writer is None:
            raise DataflowError(
                f"{step.node.who}: must be a block that has C code here, got {step.block}; "
                + (nearest(step.block, WRITERS) or "export vectors, and write it by hand")
            )
        arguments: dict[str, CArray] = {}
        named: dict[str, tuple[CArray, ...]] = {}
        for port, operands in inputs.items():
            own = []
            for i, each in enumerate(operands):
                if each.value is None:
                    parameter = port if len(operands) == 1 else f"{port}_{i}"
                    arguments[parameter] = each
                    each = replace(each, name=parameter)
                own.append(each)
            named[port] = tuple(own)
        layer = Layer(step, named, replace(made, name="out"), self.prefix, self._macro(name))
        lines = writer(layer)
        text = "\n".join(lines)
        for operands in named.values():
            for each in operands:
                if each.value is not None and re.search(rf"\b{each.name}\b", text):
                    self.constants[each.name] = each
        self.places[name] = replace(made, name=f"b->{made.name}")
        parameters = [f"const {each.type} *{name}" for name, each in arguments.items()] + [f"{made.type} *out"]
        head = [
            f"/* {_comment(step.name)}: {step.block}, {_shape(made.shape)} */",
            f"static inline void {self.names[name]}({', '.join(parameters)}) {{",
        ]
        body = "\n".join([*head, *indented(lines), "}"])
        return _Function(layer, [each.name for each in arguments.values()] + [self.places[name].name], body)

    # -- text -----------------------------------------------------------------------------------------------------

    def text(self) -> str:
        guard = f"{self.prefix.upper()}_H"
        parts = [
            self._title(),
            f"#ifndef {guard}\n#define {guard}\n\n#include <stdint.h>\n#include <string.h>",
            "\n".join(self._macros()),
            *(defined(each) for each in self.constants.values()),
        ]
        if any(each.nibble for each in self.constants.values()):
            parts.append(_NIBBLE.format(prefix=self.prefix))
        parts += [requantize_function(self.prefix, mode) for mode in self.net.rounding]
        parts += [each.text for each in self.functions]
        parts += [self._buffers(), self._run(), self._test(), "#endif"]
        return "\n\n".join(parts) + "\n"

    def _title(self) -> str:
        lines = [f"{_comment(self.net.name)}: a network of integers in C99."]
        lines += [f"Rounding {mode}: {RULES[mode]}, where p = x * multiplier." for mode in self.net.rounding]
        lines += [
            "Arrays are flat: the last index changes fastest. Filters are [height, width, channels, outputs].",
            f"Test: cc -std=c99 -D{self.prefix.upper()}_SELFTEST -x c FILE.h -o test && ./test",
        ]
        return "/*\n" + "".join(f" * {line}\n" for line in lines) + " */"

    def _macros(self) -> list[str]:
        sizes = {name: self.places[name].size for name in self.net.inputs}
        sizes |= {each.layer.step.name: each.layer.out.size for each in self.functions}
        sizes |= {name: self.places[name].size for name in self.net.outputs}
        lines = [f"#define {self._macro(name)}_SIZE {size}" for name, size in sizes.items()]
        for each in self.functions:
            if each.layer.step.block == "FixedPointRequantize":
                lines += [f"#define {each.layer.macro}_{key} {end}"
                    for key, end in zip(("LOW", "HIGH"), ends(each.layer), strict=True)]  # fmt: skip
        for name in dict.fromkeys((*self.net.inputs, *self.net.outputs)):
            lines += _scales(self._macro(name), self.net.numbers.get(name))
        return lines

    def _macro(self, name: str) -> str:
        return self.names[name].upper()

    def _buffers(self) -> str:
        steps = [(each.layer.step.name, each.layer.out.type) for each in self.functions]
        lines = [f"    {kind} {self.short[name]}[{self._macro(name)}_SIZE];" for name, kind in steps]
        return "/* What every node gives */\ntypedef struct {\n" + "\n".join(lines) + f"\n}} {self.prefix}_buffers;"

    def _run(self) -> str:
        given = [f"const {place.type} *{place.name}" for place in (self.places[name] for name in self.net.inputs)]
        made = [f"{self.places[name].type} *out_{self.short[name]}" for name in self.net.outputs]
        lines = [f"    {self.names[f.layer.step.name]}({', '.join(f.arguments)});" for f in self.functions]
        for name in self.net.outputs:
            place = self.places[name]
            lines.append(f"    memcpy(out_{self.short[name]}, {place.name}, {place.size} * sizeof({place.type}));")
        head = f"static inline void {self.prefix}_run({', '.join([*given, *made, f'{self.prefix}_buffers *b'])}) {{"
        return "/* The network, for one row */\n" + "\n".join([head, *lines, "}"])

    def _test(self) -> str:
        rows = min(len(self.many[name]) for name in self.net.inputs)
        macro = f"{self.prefix.upper()}_SELFTEST"
        lines = [f"#ifdef {macro}", "#include <stdio.h>", "", "int main(void) {"]
        lines += [f"    static {self.prefix}_buffers buffers;", "    int wrong = 0;"]
        for kind, names in (("given", self.net.inputs), ("wanted", self.net.outputs)):
            for name in names:
                size = f"[{rows} * {self._macro(name)}_SIZE]"
                values = "\n".join(indented(initializer(self._rows(name, rows)).splitlines())).lstrip()
                lines.append(f"    static const {self.places[name].type} {kind}_{self.short[name]}{size} = {values};")
        for name in self.net.outputs:
            lines.append(f"    static {self.places[name].type} made_{self.short[name]}[{self._macro(name)}_SIZE];")
        given = [f"given_{self.short[name]} + row * {self._macro(name)}_SIZE" for name in self.net.inputs]
        made = [f"made_{self.short[name]}" for name in self.net.outputs]
        lines += [
            f"    for (int32_t row = 0; row < {rows}; row++) {{",
            f"        {self.prefix}_run({', '.join([*given, *made, '&buffers'])});",
        ]
        for name in self.net.outputs:
            short, size = self.short[name], f"{self._macro(name)}_SIZE"
            lines += [
                f"        for (int32_t i = 0; i < {size}; i++) {{",
                f"            if (made_{short}[i] != wanted_{short}[row * {size} + i]) {{",
                f'                printf("row %d, {_comment(name)}[%d]: %ld, wanted %ld\\n", (int)row, (int)i,',
                f"                    (long)made_{short}[i], (long)wanted_{short}[row * {size} + i]);",
                "                wrong++;",
                "            }",
                "        }",
            ]
        total = rows * sum(self.places[name].size for name in self.net.outputs)
        lines += [
            "    }",
            f'    printf("{_comment(self.net.name)}: %d of {total} numbers differ\\n", wrong);',
            "    return wrong != 0;",
            "}",
            "#endif",
        ]
        return "\n".join(lines)

    def _rows(self, name: str, rows: int) -> Array:
        values, size = self.many[name], self.places[name].size
        if values.size != rows * size:
            raise DataflowError(
                f"{self.net.model.graph.nodes[name].who}: must have {size} elements for each row to be exported to C, "
                f"got {values.size} for {rows} rows"
            )
        return values


def _scales(macro: str, numbers: Numbers | None) -> list[str]:
    """The macros of what integers stand for: (integer - ZERO_POINT) * SCALE, or SCALES[channel]."""
    if numbers is None or np.ndim(numbers.zero_point):
        return []
    scale = np.asarray(numbers.scale)
    told = ", ".join(map(repr, scale.ravel().tolist()))
    which = f"SCALES {{{told}}}" if scale.ndim else f"SCALE {told}"
    return [f"#define {macro}_{which}", f"#define {macro}_ZERO_POINT {int(numbers.zero_point)}"]


def _check(net: IntegerNet) -> None:
    """Raise DataflowError where integers follow from real numbers that follow from integers."""
    if not any(step.block not in SAME for step in net.steps):
        raise DataflowError(f"graph '{net.name}': must have integer products to be exported to C, got none")
    for name in net.inputs:
        before = net.model.graph.ancestors([name]) - {name}
        if met := [output for output in net.outputs if output in before]:
            raise DataflowError(
                f"{net.model.graph.nodes[name].who}: must be an input of the network to be exported to C, got what "
                f"follows from '{met[0]}' by real numbers; quantize what is between them"
            )


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) if prod(shape) != 1 or shape else "1"


def _comment(name: str) -> str:
    """A name as text within a comment or a string of C."""
    return re.sub(r"[^A-Za-z0-9_./ -]|\*/|/\*|//", "_", name)
