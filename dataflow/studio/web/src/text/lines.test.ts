import { Text } from "@codemirror/state";
import { expect, test } from "vitest";
import type { Document, Problem } from "../protocol";
import { diagnostics } from "./diagnostics";
import { linesOf, nodeAt } from "./lines";

const TEXT = `inputs:
  image: float32[N, 64]

nodes:
  # First.
  conv:
    block: Conv2D

    inputs: {input: image}
  relu: {block: Relu, inputs: {features: conv}}

outputs:
  relu: relu
data:
  train: x
`;
const doc = Text.of(TEXT.split("\n"));
const known = {
  inputs: { image: { line: 2 } },
  nodes: { conv: { name: "conv", line: 6 }, relu: { name: "relu", line: 10 } },
  outputs: { relu: { line: 13 } },
} as unknown as Document;

test("a node has the lines below it that are indented further", () => {
  expect(linesOf(known, doc, "conv")).toEqual([6, 9]);
  expect(linesOf(known, doc, "relu")).toEqual([10, 10]);
  expect(linesOf(known, doc, "output:relu")).toEqual([13, 13]);
  expect(linesOf(known, doc, "none")).toBeNull();
});

test("a line is about the card that has it; headings, and sections, are about none", () => {
  expect([1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 15].map((line) => nodeAt(known, doc, line))).toEqual([
    null, "image", null, null, "conv", "conv", "conv", "relu", null, "output:relu", null,
  ]);
});

test("problems stand at the word that they are about, those of other files nowhere", () => {
  const problem = (line: number, column: number, path = "a.yaml"): Problem => ({
    message: "wrong", hint: "do so", path, line, column, node: "", port: "",
  });
  const found = diagnostics(doc, [problem(7, 12), problem(7, 12, "b.yaml"), problem(0, 0), problem(99, 1)], "a.yaml");
  expect(found).toHaveLength(1);
  expect(doc.sliceString(found[0]!.from, found[0]!.to)).toBe("Conv2D");
  expect(found[0]!.message).toBe("wrong\ndo so");
});

test("a problem at the end of a line, or on an empty one, is within the text", () => {
  const at = (line: number, column: number) =>
    diagnostics(doc, [{ message: "m", hint: "", path: "", line, column, node: "", port: "" }], "")[0]!;
  expect(at(3, 1).from).toBe(at(3, 1).to);
  expect(at(7, 99).from).toBe(doc.line(7).to);
});
