import { beforeEach, expect, test, vi } from "vitest";
import { getCanvas, setCanvas } from "../canvas/state";
import { Refused } from "../connection";
import { set } from "../store";
import { chain } from "../testing/document";
import { appendInput, setInput } from "./inputs";

const asked: [string, object][] = [];
let refusal: string | null = null;
const mends = [{ title: "Cast to float32", edits: [] }];
vi.mock("../connection", async (original) => ({
  ...(await original<object>()),
  ask: async (command: string, given: { edits?: object[] }) => {
    asked.push([command, given.edits?.[0] ?? given]);
    if (command === "try_wire") return { refused: null, mends };
    if (refusal !== null) throw new Refused({ message: refusal, hint: "", problems: [] });
    return { names: [], version: 2 };
  },
}));

beforeEach(() => {
  asked.length = 0;
  refusal = null;
  set({ document: chain() });
  setCanvas({ refused: null });
});

test("items of a list are set, added and taken off", async () => {
  await setInput("join", "values[1]", "relu");
  await appendInput("join", "values", "relu");
  await appendInput("join", "values", "0.5");
  await setInput("join", "values[0]", "");
  expect(asked.map(([, edit]) => edit)).toEqual([
    { op: "set", place: "nodes.join.inputs.values.1", value: "relu" },
    { op: "wire", target: ["join", "values"], source: "relu" },
    { op: "append", place: "nodes.join.inputs.values", value: 0.5 },
    { op: "remove", place: "nodes.join.inputs.values.0" },
  ]);
});

test.each([
  [() => setInput("relu", "x", "index"), "x", "x"],
  [() => setInput("join", "values[1]", "index"), "values[1]", "values.1"],
  [() => appendInput("join", "values", "index"), "values", "values"],
])("a refused wire is offered its mends, also as an item of a list", async (write, port, target) => {
  refusal = "must be float32, got int64";
  await expect(write()).rejects.toThrow(refusal);
  expect(asked.at(-1)).toEqual(["try_wire", { source: "index", target: [expect.any(String), target] }]);
  expect(getCanvas().refused).toMatchObject({ end: { port, side: "left" }, mends });
});

test("a number that is refused has none", async () => {
  refusal = "must be a wire";
  await expect(setInput("relu", "x", "0.5")).rejects.toThrow(refusal);
  expect([asked.length, getCanvas().refused]).toEqual([1, null]);
});
