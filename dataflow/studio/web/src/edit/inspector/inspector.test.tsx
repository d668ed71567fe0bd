import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Document, Problem } from "../../protocol";
import { set } from "../../store";
import { chain, model } from "../../testing/document";
import { find, leave, press, show, write } from "../../testing/page";
import { FileView } from "./FileView";
import { NodeView } from "./NodeView";

const asked: unknown[] = [];
vi.mock("../../connection", async (original) => ({
  ...(await original<object>()),
  ask: async (command: string, given: object) => asked.push([command, given]),
}));

const units = { name: "units", type: "int", required: true, default: null, min: null, max: null, choices: [], doc: "numbers in a row" };
const problem = (rest: Partial<Problem>): Problem => ({ message: "", hint: "", path: "chain.yaml", line: 9, column: 1, node: "", port: "", ...rest });

function layer(value: number | null, problems: Problem[]): Document {
  const node = model("dense", "dataflow:layers/dense.yaml", {});
  return chain({ problems, nodes: { dense: { ...node, file: node.block, attrs: { units: { written: "", value, param: "", info: units } } } } });
}

beforeEach(() => set({ document: chain(), blocks: [], gallery: [] }));
afterEach(async () => {
  asked.length = 0;
  await leave();
});

test("a required parameter of a layer says so, of which type, and takes such values alone", async () => {
  await show(<NodeView document={layer(null, [])} name="dense" readonly={false} />);
  const field = find<HTMLInputElement>("input", "units");
  expect([field.value, field.placeholder]).toEqual(["", "a whole number"]);
  expect(find(".attr-name.missing").textContent).toContain("units");
  await write(field, "many");
  await press(field, "Enter");
  expect(find("[role=alert]").textContent).toBe("must be a whole number");
  await write(field, "64");
  await press(field, "Enter");
  const edits = [{ op: "set", place: "nodes.dense.attrs.units", value: 64 }];
  expect(asked).toEqual([["edit", { version: 1, title: "Set dense.units", edits }]]);
});

test("what follows from wires is shown, and is not missing", async () => {
  await show(<NodeView document={layer(3, [])} name="dense" readonly={false} />);
  expect(find<HTMLInputElement>("input", "units").placeholder).toBe("3");
  expect(document.querySelector(".missing")).toBeNull();
});

test("a problem with an attr stands at its field, others above", async () => {
  const problems = [problem({ node: "dense", port: "units", message: "must be above 0", hint: "write 1" }), problem({ node: "dense", message: "no wire" })];
  await show(<NodeView document={layer(null, problems)} name="dense" readonly={false} />);
  expect(find(".attr [role=alert]").textContent).toBe("must be above 0; write 1");
  expect([...document.querySelectorAll(".insp-trouble")].map((each) => each.textContent)).toEqual(["no wire"]);
});

test("attrs that a node needs as it is wired are marked as those that it always needs", async () => {
  const message = "node 'w' (Variable): attrs 'dtype' and 'shape' must be given, got nothing";
  const attr = { written: "", value: null, param: "", info: { ...units, required: false } };
  const node = { ...model("w", "Variable", {}), attrs: { shape: attr, dtype: attr, stddev: attr } };
  await show(<NodeView document={chain({ problems: [problem({ node: "w", message })], nodes: { w: node } })} name="w" readonly={false} />);
  expect([...document.querySelectorAll(".missing")].map((each) => each.textContent)).toEqual(["shape", "dtype"]);
  expect(find(".insp-trouble").textContent).toBe(message);
});

test("a parameter of the file that has no default is asked for, with the problem at it", async () => {
  const width = { type: "int", value: null, default: null, required: true, doc: "", line: 3 };
  const problems = [problem({ line: 3, message: "width must be given" }), problem({ line: 7, message: "other" })];
  await show(<FileView document={chain({ params: { width }, problems })} readonly={false} />);
  const field = find<HTMLInputElement>("input", "Parameter width");
  expect([field.value, field.placeholder]).toEqual(["", "a whole number"]);
  expect(find(".attr [role=alert]").textContent).toBe("width must be given");
  expect(find(".insp-trouble").textContent).toBe("other");
  expect(document.body.textContent).not.toContain("null");
});
