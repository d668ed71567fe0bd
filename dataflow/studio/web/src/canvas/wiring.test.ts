import { expect, test } from "vitest";
import type { BlockInfo } from "../protocol";
import { chain } from "../testing/document";
import { origin } from "./scene";
import type { End } from "./state";
import { nearest, toward, verdicts } from "./wiring";

const input = (name: string, dtypes: string[], many = false) => ({ name, dtypes, type: "", optional: false, many, static: false, doc: "", example: "" });
const block = (name: string, ...inputs: BlockInfo["inputs"]): BlockInfo => ({
  name,
  aliases: [],
  words: [],
  category: "nn",
  continues: 0,
  hue: 1,
  summary: "",
  inputs,
  outputs: [],
  attrs: [],
  gradient: "yes",
});
const blocks = [
  block("Conv", input("input", ["float32"]), input("scale", ["float32"]), input("bias", ["float32", "float64"])),
  block("Relu", input("x", ["float32"])),
  block("ArgMax", input("x", ["float32", "int64"])),
];
const end = (side: End["side"], card: string, port: string): End => ({ side, card, port });
const found = (from: End, replaced: End | null = null) => verdicts(chain(), blocks, from, replaced);

test("a port that takes the dtype, is free and comes later fits", () => {
  expect(found(end("right", "image", "output")).get("left conv bias")).toBe("");
});

test("a wire may come from a node that has no card, whose type is known all the same", () => {
  const known = chain();
  const scale = origin(known, end("chip", "conv", "scale"));
  expect(scale).toEqual(end("right", "scale", "value"));
  expect(found(scale).get("left conv bias")).toBe("");
  known.nodes.scale!.outputs.value!.type = "int64[8]";
  expect(verdicts(known, blocks, scale, null).get("left conv bias")).toBe("conv.bias takes float32, float64; scale gives int64");
  expect(origin(known, end("chip", "index", "x"))).toEqual(end("right", "image", "output"));
});

test("a wrong dtype is told with what the port takes and what comes", () => {
  expect(found(end("right", "index", "at")).get("left conv bias")).toBe("conv.bias takes float32, float64; index gives int64");
});

test("a value of another rank than the port declares does not fit; where one is not known that is left to the server", () => {
  const to = (declared: string, type: string) => {
    const known = chain();
    const scale = origin(known, end("chip", "conv", "scale"));
    known.nodes.scale!.outputs.value!.type = type;
    const conv = block("Conv", { ...input("bias", ["float32"]), type: declared });
    return verdicts(known, [conv], scale, null).get("left conv bias");
  };
  expect(to("T[C]", "float32[N, 32]")).toBe("conv.bias takes rank 1; scale gives float32[N, 32]");
  expect(to("T[]", "float32[8]")).toBe("conv.bias takes rank 0; scale gives float32[8]");
  for (const [declared, type] of [["T[C]", "float32[8]"], ["T[]", "float32[]"], ["T", "float32[N, 32]"], ["T[C]", "float32[...]"]])
    expect(to(declared!, type!)).toBe("");
});

test("a wire that would close a cycle is told, also to the card itself", () => {
  const verdict = found(end("right", "relu", "y"));
  expect(verdict.get("left conv bias")).toBe("conv would depend on itself");
  expect(verdict.get("left relu x")).toBe("relu would depend on itself");
  expect(verdict.get("left index x")).not.toContain("depend");
});

test("cycles are seen from the other end too", () => {
  const verdict = found(end("left", "conv", "bias"));
  expect(verdict.get("right relu y")).toBe("conv would depend on itself");
  expect(verdict.get("right image output")).toBe("");
});

test("a port that is wired is taken, but not by the wire that was pulled off it", () => {
  expect(found(end("right", "image", "output")).get("left relu x")).toBe("relu.x is taken by conv");
  expect(found(end("right", "conv", "output"), end("left", "relu", "x")).get("left relu x")).toBe("");
});

test("a port of many wires is never taken", () => {
  const many = [block("Relu", input("x", ["float32"], true)), ...blocks.slice(2)];
  expect(verdicts(chain(), many, end("right", "image", "output"), null).get("left relu x")).toBe("");
});

test("what is not known of a type or block is left to the server", () => {
  expect(verdicts(chain(), [], end("right", "index", "at"), null).get("left conv bias")).toBe("");
});

test("the port that is meant: near the mouse, or the nearest row of the card below it", () => {
  const { cards } = chain().scene;
  expect(nearest(cards, "left", [255, 60], 20)).toEqual(end("left", "conv", "input"));
  expect(nearest(cards, "left", [340, 82], 20)).toEqual(end("left", "conv", "scale"));
  expect(nearest(cards, "left", [220, 60], 20)).toBeNull();
  expect(nearest(cards, "right", [340, 82], 20)?.side).toBe("right");
});

test("toward: what lies straight ahead before what is nearer but aside", () => {
  const ends = [
    { end: end("left", "aside", "x"), at: [40, 60] as [number, number] },
    { end: end("left", "ahead", "x"), at: [100, 0] as [number, number] },
    { end: end("left", "behind", "x"), at: [-10, 0] as [number, number] },
  ];
  expect(toward(ends, [0, 0], [1, 0])?.card).toBe("ahead");
  expect(toward(ends, [0, 0], [0, 1])?.card).toBe("aside");
  expect(toward(ends, [0, 0], [0, -1])).toBeNull();
});
