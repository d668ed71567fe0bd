import { expect, test } from "vitest";
import { percent, seconds, short } from "./format";

test.each([
  [0, "0"],
  [0.0571824, "0.05718"],
  [-2, "-2"],
  [999999, "999999"],
  [1234567.8, "1.235e6"],
  [100000000, "1e8"],
  [1e-7, "1e-7"],
  [0.5, "0.5"],
  [100.04, "100"],
  [NaN, "nan"],
  [-Infinity, "-inf"],
])("%f is shown as %s", (value, text) => {
  expect(short(value)).toBe(text);
});

test("fewer digits than a number has before its point make it whole", () => {
  expect([2793.4, 45678.9, 12.34, -2793.4].map((value) => short(value, 3))).toEqual(["2793", "45679", "12.3", "-2793"]);
});

test("times have the unit that suits them", () => {
  expect([0.00034, 0.0451, 1.234, 150, 4350].map((time) => seconds(time))).toEqual([
    "0.3 ms", "45 ms", "1.2 s", "3 min", "1 h 13 min",
  ]);
});

test("a small part is not none", () => {
  expect([0, 0.001, 12.34].map(percent)).toEqual(["0 %", "< 0.01 %", "12 %"]);
});
