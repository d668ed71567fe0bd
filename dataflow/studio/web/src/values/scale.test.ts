import { expect, test } from "vitest";
import { linear, logarithmic, round } from "./scale";

test("round ticks lie between the ends", () => {
  expect(round(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(round(-0.13, 0.32, 4)).toEqual([0, 0.2]);
  expect(round(690, 1380, 4)).toEqual([800, 1000, 1200]);
});

test("a linear axis goes there and back", () => {
  const axis = linear(-2, 2, 100, 0, 4);
  expect(axis.at(0)).toBe(50);
  expect(axis.back(axis.at(1.5))).toBeCloseTo(1.5);
  expect(axis.ticks).toEqual([-2, -1, 0, 1, 2]);
});

test("a value that never changed has an axis around it", () => {
  const axis = linear(5, 5, 0, 100, 4);
  expect(axis.at(5)).toBe(50);
  expect(axis.ticks).toContain(5);
});

test("a logarithmic axis has powers of ten, and round numbers within one decade", () => {
  expect(logarithmic(1e-4, 10, 0, 100, 6).ticks).toEqual([1e-4, 1e-3, 0.01, 0.1, 1, 10]);
  expect(logarithmic(1e-8, 1, 0, 100, 3).ticks).toEqual([1e-8, 1e-5, 0.01]);
  expect(logarithmic(2, 8, 0, 100, 4).ticks).toEqual([2, 4, 6, 8]);
  const axis = logarithmic(1e-4, 10, 0, 100, 6);
  expect(axis.back(axis.at(0.3))).toBeCloseTo(0.3);
});
