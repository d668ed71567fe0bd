import { expect, test } from "vitest";
import type { Trend } from "../protocol";
import { ends, paths, pointAt } from "./curve";
import { linear, logarithmic } from "./scale";

const trend = (mean: number[], steps = mean.map((_, i) => i)): Trend => ({ steps, mean, low: mean, high: mean, stride: 1 });
const x = linear(0, 4, 0, 400, 4);
const y = linear(0, 1, 100, 0, 4);

test("a curve goes through its points and has no band where it is thin", () => {
  expect(paths(trend([0, 1, 0.5]), x, y, false)).toEqual({ line: "M0 100L100 0L200 50", band: "" });
});

test("points of one column of pixels are one, with a band", () => {
  const { line, band } = paths(trend([0, 1, 0.5], [0, 0.001, 4]), x, y, false);
  expect(line).toBe("M0 50L400 50");
  expect(band).toBe("M0 0L400 50L400 50L0 100z");
});

test("what is no number, or not above zero on a logarithmic axis, is a gap", () => {
  expect(paths(trend([0, NaN, 1, 1]), x, y, false).line).toBe("M0 100h0.01M200 0L300 0");
  const log = logarithmic(0.01, 1, 100, 0, 3);
  expect(paths(trend([0.01, 0, 1]), x, log, true).line).toBe("M0 100h0.01M200 0h0.01");
  expect(ends([trend([0.01, 0, 1])], true)!.values).toEqual([0.01, 1]);
});

test("ends are those of all curves; none where nothing is drawn", () => {
  expect(ends([trend([3, 4]), trend([1, 2], [5, 6])], false)).toEqual({ steps: [0, 6], values: [1, 4] });
  expect(ends([trend([NaN])], false)).toBeNull();
});

test("a step is read out by the point that stands for it", () => {
  const long = trend([1, 2, 3], [0, 64, 128]);
  expect([-1, 0, 63, 64, 1000].map((step) => pointAt(long, step))).toEqual([-1, 0, 0, 1, 2]);
});
