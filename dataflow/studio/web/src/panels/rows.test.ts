import { expect, test } from "vitest";
import { rowsIn, usually, withRows } from "./rows";

test("a split is told with its rows where they are known", () => {
  expect([withRows("train", 1437), withRows("all", null)]).toEqual(["train (1,437 rows)", "all"]);
});

test("how many a run takes by itself", () => {
  expect([usually(null), usually(90), usually(1437)]).toEqual(["1,000", "all 90", "1,000 of 1,437"]);
});

test("rows that are asked for are a number from 1, and no more than there are", () => {
  expect([rowsIn(" ", 90), rowsIn("30", 90), rowsIn("1,000", 90), rowsIn("1,000", null)]).toEqual([null, 30, 90, 1000]);
  for (const wrong of ["0", "-1", "1.5", "many"]) expect(() => rowsIn(wrong, 90)).toThrow(`rows: must be a whole number from 1, got ${wrong}`);
});
