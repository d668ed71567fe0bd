import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { commandNamed, perform } from "../commands";
import type { Run, Session } from "../protocol";
import { get, hear, set } from "../store";
import { chain } from "../testing/document";
import { click, find, leave, show, write } from "../testing/page";
import { Banner } from "./Banner";
import "./commands";
import ForceDialog from "./ForceDialog";
import { NOTHING, overrides, written } from "./session";

const asked: [string, unknown][] = [];
vi.mock("../connection", async (original) => ({
  ...(await original<object>()),
  ask: async (command: string, given: unknown) => {
    asked.push([command, given]);
    return null;
  },
}));

const run: Run = {
  state: "done", number: 3, current: true, old: [], split: "", rows: 0, nodes: {}, values: {}, outputs: {}, problem: null, seconds: 0,
};
const tell = (session: Partial<Session>) => act(async () => hear([{ event: "session", session: { ...NOTHING, ...session } }]));

beforeEach(() => {
  HTMLDialogElement.prototype.showModal = () => undefined; // which jsdom has not
  set({ document: chain(), session: NOTHING, run, selected: [], focused: null, over: null });
});
afterEach(async () => {
  asked.length = 0;
  await leave();
});

test("selected nodes are bypassed, and no longer where all of them are", async () => {
  set({ selected: ["conv", "relu", "output:out"] });
  await perform("session.bypass");
  expect(asked.pop()).toEqual(["session", { bypassed: ["conv", "relu"] }]);
  await tell({ bypassed: ["conv", "relu"] });
  await perform("session.bypass");
  expect(asked.pop()).toEqual(["session", { bypassed: [] }]);
});

test("within a sub-graph nodes have their names in the whole graph", async () => {
  set({ document: chain({ view: { scope: "block1", layer: "file", direction: "right", unfolded: [] } }), selected: ["conv"] });
  await perform("session.freeze");
  expect(asked.pop()).toEqual(["session", { frozen: { "block1/conv": "run 3" } }]);
});

test("nothing is frozen at a run that has not ended, and nothing without a selection", () => {
  set({ selected: ["conv"], run: { ...run, state: "running" } });
  expect(commandNamed("session.freeze")!.enabled!()).toBe(false);
  set({ selected: ["output:out"], run });
  expect(commandNamed("session.freeze")!.enabled!()).toBe(false);
});

test("the focused port is the one that is watched, else the output of the card", async () => {
  set({ selected: ["conv"] });
  await perform("session.watch");
  set({ focused: { card: "conv", port: "input", side: "left" } });
  await perform("session.watch");
  expect(asked).toEqual([["session", { watched: ["conv.output"] }], ["session", { watched: ["image.output"] }]]);
});

test("a value is forced as it is typed, beside those that are", async () => {
  await tell({ forced: { "relu.y": 1 } });
  set({ selected: ["conv"] });
  await perform("session.force");
  expect(get().over).toBe("force");
  await show(<ForceDialog />);
  await write(find<HTMLInputElement>("input"), "[0.5, .nan]"); // as a graph file has it
  await click("button", "Force");
  expect(asked.pop()).toEqual(["session", { forced: { "relu.y": 1, "conv.output": [0.5, ".nan"] } }]);
  expect(get().over).toBeNull();
});

test("the banner tells each override and takes it back", async () => {
  await show(<Banner />);
  expect(document.querySelector("section")).toBeNull();
  await tell({ bypassed: ["conv"], frozen: { relu: "run 3" }, forced: { "conv.output": 0 }, params: { bits: 4 }, watched: ["relu.y"] });
  expect([...document.querySelectorAll("li")].map((item) => item.textContent)).toEqual(
    ["conv bypassed", "relu frozen at run 3", "conv.output forced to 0", "bits set to 4"]);
  await click("button", "relu: no longer frozen");
  expect(asked.pop()).toEqual(["session", { frozen: {} }]);
  await click("button", "Clear all");
  expect(asked.pop()).toEqual(["session", { bypassed: [], frozen: {}, forced: {}, params: {}, trained: false }]);
});

test("a long value is shown in few letters", () => {
  expect([0.5, true, "SAME", Array.from({ length: 99 }, () => 1)].map(written)[3]).toHaveLength(40);
  expect(overrides(NOTHING)).toEqual([]);
});
