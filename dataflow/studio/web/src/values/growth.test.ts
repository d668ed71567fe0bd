/** A page left open while a million steps go by: what it keeps, and what an event costs, does not grow. */
import { expect, test } from "vitest";
import type { Event, Training } from "../protocol";
import { get, hear } from "../store";
import { ends, paths } from "./curve";
import { linear } from "./scale";
import { MOST } from "./trend";

const NAMES = ["loss", "accuracy", "rate", "validation loss", "conv1.output", "conv2.output", "w.ref", "b.ref"];
const STEPS = 1_000_000;
const BATCH = 100;

const training: Training = {
  state: "running", epoch: 1, epochs: 1, step: 0, steps: STEPS, rate: 0.1, metrics: {}, trends: {}, values: {}, problem: null, seconds: 0, folder: "", current: true, overrides: "", path: "chain.yaml",
};

function batch(from: number): Event {
  const { trends: _, ...rest } = training;
  const points = Object.fromEntries(
    NAMES.map((name, k) => [
      name,
      Array.from({ length: BATCH }, (_, i): [number, number] => [from + i, Math.sin((from + i) / 1000) + k]),
    ]),
  );
  return { event: "trained", training: { ...rest, step: from + BATCH }, points };
}

test("a million steps keep at most 2,000 points a curve, as the server sent them", { timeout: 60_000 }, () => {
  hear([{ event: "training", training }]);
  let most = 0;
  for (let step = 0; step < STEPS; step += BATCH) {
    hear([batch(step)]);
    most = Math.max(most, ...Object.values(get().training!.trends).map((trend) => trend.steps.length));
  }
  const { trends, step } = get().training!;
  expect(step).toBe(STEPS);
  expect(Object.keys(trends)).toEqual(NAMES);
  expect(most).toBeLessThanOrEqual(MOST);
  for (const [k, name] of NAMES.entries()) {
    const trend = trends[name]!;
    expect(trend.steps.length).toBeGreaterThan(MOST / 3);
    expect(trend.steps[0]).toBe(0);
    expect(trend.steps.at(-1)! + trend.stride).toBeGreaterThanOrEqual(STEPS - 1);
    expect(Math.min(...trend.low)).toBeCloseTo(k - 1, 5);
    expect(Math.max(...trend.high)).toBeCloseTo(k + 1, 5);
  }
  const [x, y] = [linear(0, STEPS, 0, 300, 4), linear(...ends([trends["loss"]!], false)!.values, 100, 0, 4)];
  expect(paths(trends["loss"]!, x, y, false).line.split("L").length).toBeLessThanOrEqual(301);
});
