import { expect, test } from "vitest";
import type { Trend } from "../protocol";
import { partsOf, split } from "./parts";

const trend: Trend = { steps: [0], low: [1], mean: [1], high: [1], stride: 1 };

test("a curve tells which element of which value it is of", () => {
  expect(split("w[0, 12]")).toEqual(["w", "[0, 12]"]);
  expect(split("next_w.out[3]")).toEqual(["next_w.out", "[3]"]);
  expect(split("loss")).toEqual(["loss", ""]);
});

test("the curves of a value are its own, not those of others that begin like it", () => {
  const trends = { "w[0]": trend, "w[1]": trend, "w2[0]": trend, w2: trend, "validation w": trend };
  expect(partsOf(trends, "w").map(({ name }) => name)).toEqual(["[0]", "[1]"]);
  expect(partsOf(trends, "w2", "mean").map(({ name }) => name)).toEqual(["[0]", "mean"]);
  expect(partsOf(trends, "b")).toEqual([]);
});
