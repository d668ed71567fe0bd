import { expect, test } from "vitest";
import type { Problem } from "../protocol";
import { unfinished } from "./problems";

const problem = (message: string): Problem => ({ message, hint: "", path: "g.yaml", line: 1, column: 1, node: "n", port: "" });
const unwired = problem("node 'n' (Add): input 'x' and 'y' must be wired, got nothing");
const ungiven = problem("node 'n' (Const): attr 'value' must be given: a number, a list of numbers or an array");

test("a node is unfinished while nothing is wrong but what is still to be wired or given", () => {
  expect(unfinished([])).toBe(false);
  expect(unfinished([unwired, ungiven])).toBe(true);
  expect(unfinished([unwired, problem("node 'n' (Add): input 'x': no node or input named 'z'")])).toBe(false);
});
