import { expect, test } from "vitest";
import type { BlockInfo, Card, Document, Scene } from "../../protocol";
import { addition, short } from "./addition";
import { entries, offered, relative } from "./entries";
import { placeAt } from "./place";

const input = (name: string, dtypes: string[], optional = false) => ({ name, dtypes, type: "", optional, many: false, static: false, doc: "", example: "" });
const info = (name: string, inputs: BlockInfo["inputs"]): BlockInfo => ({
  name, aliases: [], words: [], category: "math", continues: 0, hue: 0, summary: "", inputs, attrs: [], gradient: "yes",
  outputs: [{ name: "y", dtypes: [], type: "", doc: "" }],
});
const entry = (of: BlockInfo) => entries([of], [], [], "").at(-1)!;

const known = {
  scene: { cards: [{ id: "conv" }, { id: "gather" }, { id: "image" }] },
  nodes: {
    conv: { outputs: { y: { type: "float32[N, 8]" }, extra: { type: "int64[N]" } } },
    gather: { outputs: {} },
    gather2: { outputs: {} },
    folded: { outputs: { ref: { type: "int64[N]" } } },
  },
  inputs: { image: { type: "float32[N]" } },
} as unknown as Document;

const gather = entry(info("Gather", [input("params", ["float32"]), input("indices", ["int32", "int64"])]));

test("names of nodes are those of blocks in small letters", () => {
  expect(["MaxPool", "Conv2D", "Conv2DBackpropInput", "ReLU6", "dense", "AddV2"].map(short)).toEqual([
    "max_pool", "conv2d", "conv2d_backprop_input", "re_lu6", "dense", "add_v2",
  ]);
});

test("a block alone gets a name that is free", () => {
  expect(addition(gather, known, null, { after: "conv" })).toEqual({
    name: "gather3",
    edits: [{ op: "add", name: "gather3", block: "Gather", after: "conv" }],
  });
});

test("a wire that was dropped goes to the first input that takes its type", () => {
  const from = (port: string) => ({ node: "conv", port, side: "source" }) as const;
  expect(addition(gather, known, from("y"), {}).edits).toEqual([
    { op: "add", name: "gather3", block: "Gather", inputs: { params: "conv" }, after: "conv" },
  ]);
  expect(addition(gather, known, from("extra"), {}).edits).toEqual([
    { op: "add", name: "gather3", block: "Gather", inputs: { indices: "conv.extra" }, after: "conv" },
  ]);
});

test("a block that reads what has no card goes where the wire was dropped", () => {
  expect(addition(gather, known, { node: "folded", port: "ref", side: "source" }, { after: "conv" }).edits).toEqual([
    { op: "add", name: "gather3", block: "Gather", inputs: { indices: "folded" }, after: "conv" },
  ]);
});

test("a wire that was dropped goes to the first input of a graph file, and as a prediction to a loss", () => {
  const from = { node: "conv", port: "y", side: "source" } as const;
  const layer = entries([], [{ path: "dataflow:layers/dense.yaml", name: "dense", doc: "", nodes: 3, trains: false, quantized: false, group: "layers" }], [], "").at(-1)!;
  expect(addition(layer, known, from, {}).edits).toEqual([
    { op: "add", name: "dense", block: "dataflow:layers/dense.yaml", inputs: ["conv"], after: "conv" },
  ]);
  const loss = entry(info("Loss", [input("y_true", ["float32"]), input("y_pred", ["float32"]), input("sample_weight", ["float32"], true)]));
  expect(addition(loss, known, from, {}).edits[0]).toMatchObject({ inputs: { y_pred: "conv" } });
  expect(addition(loss, known, { ...from, node: "image", port: "output" }, {}).edits[0]).toMatchObject({ inputs: { y_true: "image" } });
});

test("a wire that was drawn from an input comes from the new node", () => {
  expect(addition(gather, known, { node: "conv", port: "x", side: "target" }, {}).edits).toEqual([
    { op: "add", name: "gather3", block: "Gather", before: "conv" },
    { op: "wire", target: ["conv", "x"], source: "gather3" },
  ]);
});

test("a block for a wire is put into it by the server, which knows its ports", () => {
  const from = { node: "conv", port: "y", side: "source", into: ["gather", "params"] } as const;
  expect(addition(gather, known, { ...from, into: [...from.into] }, {}).edits).toEqual([
    { op: "add", name: "gather3", block: "Gather", after: "conv" },
    { op: "splice", name: "gather3", target: ["gather", "params"] },
  ]);
});

test("an input of the graph is of the type of the port that it is for, an output has what stands on one", () => {
  const [input, output] = entries([], [], [], "");
  const target = { node: "conv", port: "values[1]", side: "target" } as const;
  expect(addition(input!, known, null, {}).edits).toEqual([{ op: "input", name: "input", type: "float32" }]);
  expect(addition(input!, known, target, {}).edits).toEqual([{ op: "input", name: "values", to: ["conv", "values[1]"] }]);
  const source = { node: "conv", port: "extra", side: "source" } as const;
  expect(addition(output!, known, source, {}).edits).toEqual([{ op: "output", name: "conv", wire: "conv.extra" }]);
  const offers = (from: Parameters<typeof offered>[1]) => [input!, output!, gather].map((each) => offered(each, from));
  expect(offers(target)).toEqual([true, false, true]);
  expect(offers(source)).toEqual([false, true, true]);
  expect(offers({ ...source, into: ["gather", "params"] })).toEqual([false, false, true]);
});

const card = (id: string, frame: string, x: number, y: number) =>
  ({ id, frame, x, y, width: 100, height: 60, kind: "node" }) as Card;
const scene = {
  frames: [
    { id: "a", title: "", x: 0, y: 0, width: 600, height: 100 },
    { id: "b", title: "", x: 0, y: 200, width: 600, height: 100 },
  ],
  cards: [card("a1", "a", 20, 20), card("a2", "a", 200, 20), card("b1", "b", 200, 220)],
} as unknown as Scene;

test("a block goes behind the card to the left of the place, in the frame around it", () => {
  expect(placeAt(scene, [160, 50])).toEqual({ after: "a1" });
  expect(placeAt(scene, [500, 50])).toEqual({ after: "a2" });
  expect(placeAt(scene, [50, 250])).toEqual({ before: "b1" });
  expect(placeAt(scene, [250, 400])).toEqual({ after: "b1" });
  expect(placeAt({ ...scene, cards: [], frames: [] }, [0, 0])).toEqual({});
});

test("paths of graph files are from the folder of the open one", () => {
  expect(relative("layers/dense.yaml", "digits/cnn.yaml")).toBe("../layers/dense.yaml");
  expect(relative("dense.yaml", "cnn.yaml")).toBe("./dense.yaml");
  expect(relative("a/b/c.yaml", "a/d.yaml")).toBe("./b/c.yaml");
});
