import { expect, test } from "vitest";
import type { Plain } from "../protocol";
import { parsed, spelled } from "./plain";

test.each<[string, Plain]>([
  ["8", 8],
  ["-1.5e-3", -0.0015],
  [".5", 0.5],
  ["true", true],
  ["null", null],
  ["SAME", "SAME"],
  ["$num_bits", "$num_bits"],
  ["float32[N, 8]", "float32[N, 8]"],
  ["[1, 2, 2, 1]", [1, 2, 2, 1]],
  ["[N, -1, a.min]", ["N", -1, "a.min"]],
  ["[[1], []]", [[1], []]],
  ["[1, 2,]", [1, 2]],
  ["{dtype: float32, shape: [N, 64]}", { dtype: "float32", shape: ["N", 64] }],
  ['"8"', "8"],
  ["'it''s'", "it's"],
  ['["a, b", c]', ["a, b", "c"]],
])("%s is read", (text, value) => {
  expect(parsed(text)).toEqual(value);
});

test.each(["1.0", "[0.5, 1.0]", "-1.0", "-0.0", "1000000.0"])("%s keeps its point", (text) => {
  expect(spelled(parsed(text))).toBe(text);
});

test.each(["[1, 2", "{a 1}", '"open', "[1] 2", "[1 [2]]"])("%s is refused", (text) => {
  expect(() => parsed(text)).toThrow();
});

test.each<[Plain]>([
  [8],
  [-0],
  [0.003],
  [1e300],
  [true],
  ["true"],
  ["8"],
  [""],
  ["a, b"],
  ["key: value"],
  ["# no comment"],
  ["float32[N, 64]"],
  [[1, [2, "x"], { a: null }]],
  [{ "a b": [1, 2], c: "d" }],
])("%j is spelled so that it is read as itself", (value) => {
  expect(parsed(spelled(value))).toEqual(value);
});
