import { expect, test } from "vitest";
import type { Document } from "../protocol";
import { firstData, minimizable } from "./begin";

const given = (types: Record<string, string>) =>
  ({
    outputs: Object.fromEntries(Object.keys(types).map((name) => [name, { wire: `${name}_node`, line: 1 }])),
    nodes: Object.fromEntries(Object.entries(types).map(([name, type]) => [`${name}_node`, { outputs: { y: { type } } }])),
  }) as unknown as Document;

test("a single float can be minimized, one called a loss before others", () => {
  expect(minimizable(given({ logits: "float32[N, 10]", accuracy: "float32[]", loss: "float32[]" }))).toBe("loss");
  expect(minimizable(given({ logits: "float32[N, 10]", distance: "float64[]" }))).toBe("distance");
  expect(minimizable(given({ logits: "float32[N, 10]", digit: "int64[]" }))).toBe("");
  expect(minimizable({ outputs: { far: { wire: "gone.y", line: 1 } }, nodes: {} })).toBe("");
});

test("rows come from a file of the project, each input from the array of its name", () => {
  const files = ["graph.yaml", "net.checkpoints/best.npz", "net.stats.npz", "data/digits.npz"].map((path) => ({ path, graph: path.endsWith(".yaml") }));
  expect(firstData(["x", "label"], files, "net.yaml")).toEqual({ train: { path: "./data/digits.npz", inputs: { x: "x", label: "label" } } });
  expect(firstData(["x"], [], "net.yaml")).toEqual({ train: { path: "data.npz", inputs: { x: "x" } } });
});
