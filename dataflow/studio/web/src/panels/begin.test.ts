import { expect, test } from "vitest";
import type { Document } from "../protocol";
import { minimizable } from "./begin";

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
