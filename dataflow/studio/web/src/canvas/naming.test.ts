import { expect, test } from "vitest";
import { filling } from "./naming";

test("a short name stays in one line as large as the card is high", () => {
  expect(filling("w", 160, 70)).toEqual({ lines: ["w"], size: 38 });
});

test("a name of parts is broken between them where that makes it larger", () => {
  expect(filling("gradient_descent", 160, 90).lines).toEqual(["gradient_", "descent"]);
  expect(filling("conv1/norm", 140, 90).lines).toEqual(["conv1/", "norm"]);
  expect(filling("batchNorm", 110, 90).lines).toEqual(["batch", "Norm"]);
});

test("a name without parts is made small instead", () => {
  const { lines, size } = filling("accumulation", 130, 90);
  expect(lines).toEqual(["accumulation"]);
  expect(size * 0.7 * 12).toBeLessThanOrEqual(130 - 24);
});

test("in a low card one line is larger than two", () => {
  expect(filling("w_q", 200, 46).lines).toEqual(["w_q"]);
});
