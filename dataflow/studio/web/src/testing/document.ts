/** Documents for tests: a chain `image -> conv -> relu -> out`, with `scale` folded into `conv`, and what is asked for. */
import type { Card, Document, LeftPort, NodeModel, RightPort, Wire } from "../protocol";

const HEAD = 46;
const ROW = 21;

export function left(name: string, rest: Partial<LeftPort> = {}): LeftPort {
  return { name, x: 0, y: 0, row: 0, family: "float", wire: "", value_of: "", chip: null, optional: false, ...rest };
}

export function right(name: string, rest: Partial<RightPort> = {}): RightPort {
  return { name, x: 0, y: 0, row: 0, family: "float", type: "float32[N, 8]", value_of: "", tags: 0, ...rest };
}

/** A card of 160 pixels with its ports in rows. */
export function card(id: string, x: number, y: number, lefts: LeftPort[], rights: RightPort[], rest: Partial<Card> = {}): Card {
  const row = (i: number) => HEAD + ROW * (i + 0.5);
  return {
    id,
    kind: "node",
    frame: "frame0",
    x,
    y,
    width: 160,
    height: HEAD + ROW * Math.max(lefts.length, rights.length, 1),
    name: id,
    block: "Relu",
    hue: 100,
    doc: "",
    line: 1,
    gradient: false,
    lefts: lefts.map((port, i) => ({ ...port, y: row(i), row: row(i) })),
    rights: rights.map((port, i) => ({ ...port, x: 160, y: row(i), row: row(i), value_of: port.value_of || `${id}.${port.name}` })),
    attrs: [],
    notes: [],
    folded: [],
    wrong: false,
    ...rest,
  };
}

export function wire(source: string, target: string): Wire {
  const [from, to] = [source.split("."), target.split(".")] as [[string, string], [string, string]];
  return { id: target, source: from, target: to, family: "float", gradient: false, path: "M0 0H10" };
}

export function model(name: string, block: string, readers: Record<string, string[]>): NodeModel {
  return {
    name,
    block,
    file: "",
    doc: "",
    line: 1,
    attrs: {},
    inputs: {},
    outputs: Object.fromEntries(Object.entries(readers).map(([port, read]) => [port, { type: "float32[N, 8]", value_of: `${name}.${port}`, readers: read }])),
    range: null,
  };
}

export function chain(rest: Partial<Document> = {}): Document {
  const cards = [
    card("image", 0, 0, [], [right("output", { value_of: "image.output" })], { kind: "input" }),
    card("conv", 250, 0, [left("input", { wire: "image", value_of: "image.output" }), left("scale", { wire: "scale", value_of: "scale.value", chip: { text: "scale", kind: "variable" } }), left("bias")], [right("output")], { block: "Conv", folded: ["scale"] }),
    card("relu", 500, 0, [left("x", { wire: "conv", value_of: "conv.output" })], [right("y")]),
    card("index", 500, 200, [left("x", { wire: "image", value_of: "image.output", chip: { text: "image", kind: "wire" } })], [right("at", { family: "int", type: "int64[N]" })], { block: "ArgMax" }),
    card("output:out", 750, 0, [left("value", { wire: "relu", value_of: "relu.y" })], [], { kind: "output", name: "out" }),
  ];
  return {
    path: "chain.yaml",
    name: "chain",
    doc: "",
    version: 1,
    saved: true,
    undo: "",
    redo: "",
    readonly: "",
    text: "",
    view: { scope: "", layer: "file", direction: "right", unfolded: [] },
    trail: [{ title: "chain", path: "chain.yaml", scope: "" }],
    scene: {
      width: 910,
      height: 300,
      frames: [{ id: "frame0", title: "", x: -16, y: -16, width: 950, height: 330 }],
      cards,
      wires: [wire("image.output", "conv.input"), wire("conv.output", "relu.x"), wire("relu.y", "output:out.value")],
    },
    nodes: {
      conv: model("conv", "Conv", { output: ["relu.x"] }),
      relu: model("relu", "Relu", { y: ["output:out"] }),
      index: model("index", "ArgMax", { at: [] }),
      scale: model("scale", "Variable", { value: ["conv.scale"] }),
    },
    inputs: {},
    outputs: {},
    params: {},
    sections: {},
    written: {},
    steps: false,
    splits: {},
    problems: [],
    ...rest,
  };
}
