import { expect, test } from "vitest";
import { kind, limits, placeholder, read, stepped, type Limits } from "./values";

const of = (type: string, min: number | null = null, max: number | null = null): Limits => ({ type, min, max });

test("texts are read as the type wants them", () => {
  expect(read("8", of("int"))).toBe(8);
  expect(read("8", of("str"))).toBe("8");
  expect(read("1e-3", of("float"))).toBe(0.001);
  expect(String(read("1.0", of("float", 0)))).toBe("1.0");
  expect([".inf", "-.inf", ".NaN"].map((text) => read(text, of("float")))).toEqual([".inf", "-.inf", ".NaN"]); // as JSON has none
  expect(read("true", of("bool"))).toBe(true);
  expect(read("[1, 2]", of("Ints"))).toEqual([1, 2]);
  expect(read("2", of("Ints"))).toBe(2);
  expect(read("[N, 8]", of("Shape"))).toEqual(["N", 8]);
  expect(read("32, n", of("Shape"))).toEqual([32, "n"]);
  expect(read("$n, 2", of("Shape"))).toEqual(["$n", 2]);
  expect(read("32", of("Shape"))).toEqual([32]);
  expect(read("1, 2", of("Ints"))).toEqual([1, 2]);
  expect(read("1, 2", of("Tensor"))).toBe("1, 2");
  expect(read("float32", of("Dtype"))).toBe("float32");
  expect(read("[1, x]", null)).toEqual([1, "x"]);
});

test("a parameter stays a parameter, whatever the type", () => {
  expect(read("$num_bits", of("int", 2, 16))).toBe("$num_bits");
});

test.each<[string, Limits, RegExp]>([
  ["1.5", of("int"), /whole number/],
  ["1e3", of("int"), /whole number/],
  ["x", of("float"), /a number/],
  ["nan", of("float"), /such as 0.5, .inf or .nan/],
  ["yes", of("bool"), /true or false/],
  ["[1, 0.5]", of("Ints"), /whole numbers/],
  ["wide", of("Shape"), /such as \[32, 10\]/],
  ["17", of("int", 2, 16), /between 2 and 16, got 17/],
  ["-1", of("float", 0), /at least 0/],
  ["[1, -2]", of("Ints", 1), /at least 1, got -2/],
])("%s is refused", (text, info, message) => {
  expect(() => read(text, info)).toThrow(message);
});

test("whole numbers are stepped within their limits", () => {
  expect(stepped("8", 1, of("int", 2, 16))).toBe("9");
  expect(stepped("16", 1, of("int", 2, 16))).toBeNull();
  expect(stepped("0.5", 1, of("float"))).toBeNull();
  expect(limits(of("int", null, 4))).toBe("at most 4");
});

test("an empty field says what stands there, or that something must", () => {
  const info = { name: "units", doc: "", choices: [], default: null, ...of("int"), required: true };
  expect([placeholder(info, null), placeholder(info, 3)]).toEqual(["a whole number", "3"]);
  expect(placeholder({ ...info, required: false, default: 8 }, 4)).toBe("8");
  expect(placeholder({ ...info, required: false }, null)).toBe("none");
  expect([kind(""), kind("float")]).toEqual(["a value", "a number"]);
});
