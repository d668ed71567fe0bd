import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Run, Stats, Training } from "../protocol";
import { hear, set } from "../store";
import { chain } from "../testing/document";
import { click, find, leave, press, show } from "../testing/page";
import { Curves } from "./Curves";
import Values from "./Values";

const asked: [string, unknown][] = [];
const answers: Record<string, unknown> = {};
vi.mock("../connection", async (original) => ({
  ...(await original<object>()),
  ask: async (command: string, given: unknown) => {
    asked.push([command, given]);
    const answer = answers[command];
    if (answer instanceof Error) throw answer;
    return answer;
  },
}));

const stats = (shape: number[], more: Partial<Stats> = {}): Stats => ({
  dtype: "float32", shape, min: -1, max: 1, mean: 0.25, std: 0.5, nan: 0, inf: 0, zeros: 0, sampled: false,
  bins: [...Array(23).fill(0), 4], shown: null, quality: null, ...more,
});
const run = (values: Record<string, Stats>): Run => ({
  state: "done", number: 1, current: true, old: [], split: "", rows: 0, nodes: {}, values, outputs: { out: "relu.y" }, problem: null, seconds: 0,
});
const text = () => document.body.textContent ?? "";

beforeEach(() => {
  HTMLCanvasElement.prototype.getContext = () => null; // jsdom paints nothing
  set({ document: chain(), run: null, training: null, selected: [], focused: null });
});
afterEach(async () => {
  asked.length = 0;
  await leave();
});

test("with nothing selected the outputs are shown, a scalar as its number", async () => {
  set({ run: run({ "relu.y": stats([], { mean: 0.1, shown: 0.1, bins: [] }) }) });
  await show(<Values />);
  expect(find(".scalar").textContent).toBe("0.1");
  expect(text()).toContain("Outputs of the graph");
});

test("a card has its outputs and inputs; the focused port is open", async () => {
  set({ run: run({ "conv.output": stats([4]), "image.output": stats([2, 2], { nan: 1, mean: 0.75 }) }), selected: ["conv"] });
  await show(<Values />);
  expect([...document.querySelectorAll(".port-head")].map((head) => head.getAttribute("aria-expanded"))).toEqual(["true", "false", "false"]);
  await act(async () => set({ focused: { card: "conv", port: "input", side: "left" } }));
  expect(find(".fact.bad").textContent).toBe("NaN1");
  expect(text()).toContain("0.75");
});

test("only values that are of another graph by now are dim, and not those of a step of a training", async () => {
  const shown = run({ "conv.output": stats([4]), "image.output": stats([2, 2]) });
  set({ run: { ...shown, current: false, old: ["conv"] }, selected: ["conv"] });
  await show(<Values />);
  const old = () => [...document.querySelectorAll(".port")].map((port) => port.className === "port old");
  expect(old()).toEqual([true, false, false]);
  expect(text()).toContain("From before the last change");
  await act(async () => set({ training: { state: "running", values: { "conv.output": stats([4]) }, trends: {} } as unknown as Training }));
  expect(old()).toEqual([false, false, false]);
  await act(async () => hear([{ event: "aged", number: 1, current: false, old: ["image", "conv"] }]));
  expect(old()).toEqual([false, true, false]);
  await act(async () => hear([{ event: "aged", number: 2, current: true, old: [] }]));
  expect(old()).toEqual([false, true, false]);
});

test("what quantization does to a value is told", async () => {
  const quality = { bits: 4, scale: [0.1, 0.3], zero_point: [0, 0], clipped: 2.5, sqnr: 21.46 };
  set({ run: run({ "relu.y": stats([8], { quality }) }) });
  await show(<Values />);
  for (const told of ["bits4", "SQNR accumulated21.5 dB", "clipped2.5 %", "2 scales0.1 to 0.3", "zero points0"]) expect(text()).toContain(told);
});

test("the slice of a picture is chosen, and its elements are walked by the keys", async () => {
  answers["picture"] = {
    rows: 1, columns: 2, tiles: 2, low: 0, high: 255, data: btoa(String.fromCharCode(10, 20, 30, 40)), labels: ["0", "1"],
    dims: [{ name: "N", size: 5, at: 0 }, { name: "axis 1", size: 2, at: null }, { name: "axis 2", size: 2, at: null }],
  };
  set({ run: run({ "relu.y": stats([5, 2, 2]) }) });
  await show(<Values />);
  await click("button", "Picture");
  const canvas = find("canvas");
  await press(canvas, "ArrowRight");
  expect(text()).toContain("≈ 20 at row 0, column 1, tile 0");
  await press(canvas, "ArrowRight");
  expect(text()).toContain("≈ 30 at row 0, column 0, tile 1");
  const slider = find<HTMLInputElement>("input");
  await act(async () => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(slider, "3");
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });
  expect(asked).toEqual([["picture", { port: "relu.y", at: {} }], ["picture", { port: "relu.y", at: { N: 3 } }]]);
});

test("a table has pages of rows, there and back", async () => {
  answers["table"] = { dims: [{ name: "N", size: 5, at: null }, { name: "axis 1", size: 2, at: null }], cells: [["1", "2"], ["3", "4"]] };
  set({ run: run({ "relu.y": stats([5, 2]) }) });
  await show(<Values />);
  await click("button", "Table");
  expect([...document.querySelectorAll("tbody tr")].map((row) => row.textContent)).toEqual(["012", "134"]);
  expect(text()).toContain("rows 0 to 1 of 5");
  await click("button", "Next");
  expect(text()).toContain("rows 2 to 3 of 5");
  await click("button", "Previous");
  expect(asked.flatMap(([command, given]) => (command === "table" ? (given as { row: number }).row : []))).toEqual([0, 2, 0]);
});

test("a value is shown as the one before it was, where it can be", async () => {
  answers["table"] = { dims: [], cells: [] };
  set({ run: run({ "relu.y": stats([5, 2]), "conv.output": stats([5, 2]) }) });
  await show(<Values />);
  await click("button", "Spread");
  await click("button", "Table");
  await leave();
  set({ selected: ["conv"] });
  await show(<Values />);
  expect(find("[aria-checked=true]").textContent).toBe("Table");
  await click("button", "Spread");
});

test("why there is no picture is told", async () => {
  answers["picture"] = new Error("relu.y: must have a value");
  set({ run: run({ "relu.y": stats([5, 2]) }) });
  await show(<Values />);
  await click("button", "Picture");
  expect(text()).toContain("must have a value");
});

test("a curve is read out by the keys", async () => {
  const trend = { steps: [0, 50, 100], low: [3, 2, 1], mean: [3, 2, 1], high: [3, 2, 1], stride: 1 };
  await show(<Curves title="loss" curves={[{ name: "train", trend }]} />);
  const plot = find("[role=slider]");
  expect(plot.getAttribute("aria-valuetext")).toBe("step 100: train 1");
  await press(plot, "PageDown");
  expect(plot.getAttribute("aria-valuetext")).toBe("step 80: train 2");
  await press(plot, "Home");
  expect(plot.getAttribute("aria-valuetext")).toBe("step 0: train 3");
  expect(text()).toContain("step 0");
});
