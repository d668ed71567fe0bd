import { expect, test } from "vitest";
import { duration, percent, short } from "./numbers";

test("numbers have few digits and no noise", () => {
  expect([0, 5, 12345, 0.041666, 1.5, 123456.7].map((value) => short(value))).toEqual(
    ["0", "5", "12,345", "0.04167", "1.5", "123457"]);
  expect([-2, 1.23e-7, -4e12 + 0.5, 1e7].map((value) => short(value))).toEqual(["−2", "1.23e−7", "−4e12", "10,000,000"]);
  expect([null, NaN, Infinity, -Infinity].map((value) => short(value))).toEqual(["–", "NaN", "∞", "−∞"]);
});

test("durations take the unit that fits", () => {
  expect([1e-6, 0.0123, 2.345, 125, 4350].map(duration)).toEqual(["< 0.05 ms", "12 ms", "2.3 s", "2 min 5 s", "1 h 12 min"]);
});

test("a small part is not none", () => {
  expect([0, 0.001, 12.34].map(percent)).toEqual(["0 %", "< 0.01 %", "12 %"]);
});
