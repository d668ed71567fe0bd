import { expect, test } from "vitest";
import type { Document } from "../protocol";
import { figures, usualTrain } from "./begin";

const given = (types: Record<string, string>) =>
  ({
    outputs: Object.fromEntries(Object.keys(types).map((name) => [name, { wire: `${name}_node`, line: 1 }])),
    nodes: Object.fromEntries(Object.entries(types).map(([name, type]) => [`${name}_node`, { outputs: { y: { type } } }])),
  }) as unknown as Document;

test("a single float can be minimized, one called a loss before others, which are metrics", () => {
  expect(figures(given({ logits: "float32[N, 10]", accuracy: "float32[]", loss: "float32[]" }))).toEqual(["loss", "accuracy"]);
  expect(figures(given({ logits: "float32[N, 10]", distance: "float64[]" }))).toEqual(["distance"]);
  expect(figures(given({ logits: "float32[N, 10]", digit: "int64[]" }))).toEqual([]);
  expect(figures({ outputs: { far: { wire: "gone.y", line: 1 } }, nodes: {} })).toEqual([]);
});

test("a first train section reports the metrics, on rows that it does not train on", () => {
  const types = { accuracy: "float32[]", loss: "float32[]" };
  const section = (...splits: string[]) => usualTrain({ ...given(types), splits: Object.fromEntries(splits.map((name) => [name, null])) });
  expect(section("train", "test")).toMatchObject({ minimize: "loss", metrics: ["accuracy"], validate: "test" });
  expect(section("train", "test", "validation")).toMatchObject({ validate: "validation" });
  expect(section("train")).not.toHaveProperty("validate");
  expect(usualTrain({ ...given({ loss: "float32[]" }), splits: {} })).not.toHaveProperty("metrics");
});
