import { expect, test } from "vitest";
import type { Trend } from "../protocol";
import { MOST, extended } from "./trend";

const grown = (points: [number, number | null][], batch = 50): Trend => {
  let trends: Record<string, Trend> = {};
  for (let i = 0; i < points.length; i += batch) trends = extended(trends, { loss: points.slice(i, i + batch) });
  return trends["loss"]!;
};

test("few points are kept as they came", () => {
  const trend = grown([[1, 3], [2, 1], [3, 2]]);
  expect(trend.steps).toEqual([1, 2, 3]);
  expect(trend.mean).toEqual([3, 1, 2]);
  expect(trend.stride).toBe(1);
});

test("many points keep the least, the mean and the greatest of their steps", () => {
  const values = Array.from({ length: 10_000 }, (_, step) => Math.sin(step / 7));
  const trend = grown(values.map((value, step) => [step, value]));
  expect(trend.steps.length).toBeLessThanOrEqual(MOST);
  expect(trend.steps.length).toBeGreaterThan(MOST / 3);
  trend.steps.forEach((start, i) => {
    const end = trend.steps[i + 1] ?? values.length;
    const those = values.slice(start, end);
    expect(trend.low[i]).toBeCloseTo(Math.min(...those), 12);
    expect(trend.high[i]).toBeCloseTo(Math.max(...those), 12);
    expect(trend.mean[i]).toBeCloseTo(those.reduce((a, b) => a + b, 0) / those.length, 9);
  });
});

test("where steps are left out the mean is that of the values which came", () => {
  const points = Array.from({ length: 9000 }, (_, i): [number, number] => [i * 10, i % 2]);
  const trend = grown(points);
  const middle = trend.mean.slice(0, -1);
  expect(Math.min(...middle)).toBeGreaterThanOrEqual(0.3);
  expect(Math.max(...middle)).toBeLessThanOrEqual(0.7);
  const gaps = trend.steps.slice(1, -1).map((step, i) => step - trend.steps[i]!);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * Math.min(...gaps));
});

test("a trend of the server is not changed when it grows, nor one that gets no points", () => {
  const sent: Trend = { steps: [1], low: [5], mean: [5], high: [5], stride: 1 };
  const made = extended({ loss: sent, rate: sent }, { loss: [[2, 4]], rate: [] });
  expect(sent.steps).toEqual([1]);
  expect(made["loss"]!.steps).toEqual([1, 2]);
  expect(made["rate"]).toBe(sent);
});

test("a value that is no number is a gap", () => {
  expect(grown([[1, 2], [2, null]]).mean[1]).toBeNaN();
});
