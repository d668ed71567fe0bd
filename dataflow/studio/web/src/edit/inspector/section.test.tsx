import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Offer, Plain } from "../../protocol";
import { set } from "../../store";
import { chain } from "../../testing/document";
import { click, find, leave, press, show, write } from "../../testing/page";
import { Section } from "./Section";

const asked: unknown[] = [];
const offers: Record<string, Offer> = {
  train: { kind: "mapping", named: false, options: [{ text: "epochs", detail: "how many times all rows are seen" }, { text: "metrics", detail: "outputs to report" }, { text: "early_stopping", detail: "when to stop" }] },
  "train.epochs": { kind: "value", named: false, options: [{ text: "1", detail: "default" }, { text: "$epochs", detail: "param, 5" }] },
  "data.train.path": { kind: "value", named: false, options: [{ text: '"dataflow:data/digits.npz"', detail: "comes with the package" }] },
  "train.metrics": { kind: "list", named: false, options: [] },
  "train.metrics.0": { kind: "value", named: false, options: [{ text: "accuracy", detail: "output" }] },
  "train.metrics.1": { kind: "value", named: false, options: [{ text: "digit", detail: "output" }] },
  "train.early_stopping": { kind: "mapping", named: false, options: [{ text: "patience", detail: "epochs without a better metric" }] },
  data: { kind: "mapping", named: true, options: [] },
  "data.more": { kind: "mapping", named: false, options: [{ text: "like", detail: "a split whose keys hold here" }] },
  "data.more.like": { kind: "value", named: false, options: [{ text: "train", detail: "split" }] },
  "train.clip": { kind: "mapping", named: false, options: [] },
};
vi.mock("../../connection", async (original) => ({
  ...(await original<object>()),
  ask: async (command: string, given: { place: (string | number)[]; edits: unknown }) => {
    if (command === "offers") return offers[given.place.join(".")] ?? { kind: "value", named: false, options: [] };
    asked.push(given.edits);
    return { names: [], version: 2 };
  },
}));

const section = (name: string, written: Plain, readonly = false) => show(<Section name={name} written={written} value={written} readonly={readonly} />);
const focused = () => document.activeElement as HTMLInputElement;
const options = () => [...document.querySelectorAll("[role=listbox]:not([hidden]) [role=option]")].map((each) => each.textContent);
const choose = async (text: string) => {
  await write(focused(), text);
  await press(focused(), "Enter");
};

beforeEach(() => set({ document: chain() }));
afterEach(async () => {
  asked.length = 0;
  await leave();
});

test("a key that is missing is chosen by the keyboard with its text, then given a value", async () => {
  await section("train", { minimize: "loss" });
  await click("button", "+ key of train");
  expect(focused().getAttribute("aria-label")).toBe("New key of train");
  expect(options()[0]).toBe("epochs how many times all rows are seen");
  await press(focused(), "ArrowDown");
  await press(focused(), "Enter");
  expect(find(".attr-doc").textContent).toBe("how many times all rows are seen");
  expect(options()).toEqual(["1 default", "$epochs param, 5"]);
  await choose("7");
  expect(asked).toEqual([[{ op: "set", place: "train.epochs", value: 7 }]]);
  expect(focused().getAttribute("aria-label")).toBe("+ key of train"); // for one more
});

test("a key that is a mapping is given its first key, one that is a list its first item", async () => {
  await section("train", { minimize: "loss" });
  await click("button", "+ key of train");
  await choose("early_stopping");
  await choose("patience");
  await choose("3");
  await click("button", "+ key of train");
  await choose("metrics");
  expect(options()).toEqual(["accuracy output"]);
  await choose("accuracy");
  expect(asked).toEqual([
    [{ op: "set", place: "train.early_stopping", value: { patience: 3 } }],
    [{ op: "set", place: "train.metrics", value: ["accuracy"] }],
  ]);
});

test("a list of names has one more item, of those that it lacks; a list of numbers is written", async () => {
  await section("train", { metrics: ["loss"], rows: [0, 100] });
  expect(document.querySelectorAll(".insp-add")).toHaveLength(2); // of the metrics, and of the section
  await click("button", "+ item of train.metrics");
  expect(options()).toEqual(["digit output"]);
  await choose("digit");
  expect(asked).toEqual([[{ op: "append", place: "train.metrics", value: "digit" }]]);
});

test("a list of mappings has a row for each key, and one more item", async () => {
  await section("train", { freeze: [{ variables: "w", after: 1 }] });
  await write(find<HTMLInputElement>("input", "train.freeze.0.after"), "2");
  await press(find("input", "train.freeze.0.after"), "Enter");
  await click("button", "Remove train.freeze.0");
  expect(asked).toEqual([[{ op: "set", place: "train.freeze.0.after", value: 2 }], [{ op: "remove", place: "train.freeze.0" }]]);
});

test("a split may have any name, other keys only those that there are", async () => {
  await section("data", { train: { path: "a.npz" } });
  await click("button", "+ split of data");
  await choose("more");
  await choose("likes");
  expect(find("[role=alert]").textContent).toBe("must be like");
  await choose("like");
  await choose("train");
  expect(asked).toEqual([[{ op: "set", place: "data.more", value: { like: "train" } }]]);
});

test("where nothing is missing that is said, and Escape leads back", async () => {
  await section("train", { clip: { norm: 1 } });
  await click("button", "+ key of train.clip");
  expect(document.body.textContent).toContain("It has all keys that there are.");
  await press(find(".insp-more"), "Escape");
  expect(focused().getAttribute("aria-label")).toBe("+ key of train.clip");
});

test("a field suggests what the server says may stand there, once it has the focus", async () => {
  await section("train", { epochs: 3 });
  await act(async () => find("input", "train.epochs").focus());
  await press(focused(), "ArrowDown");
  expect(options()).toEqual(["1 default", "$epochs param, 5"]);
  await section("data", { train: { path: "a.npz" } });
  await act(async () => find("input", "data.train.path").focus());
  await press(focused(), "ArrowDown");
  expect(options()).toEqual(["dataflow:data/digits.npz comes with the package"]); // without the quotes of the file
});

test("what can only be read offers nothing more", async () => {
  await section("train", { metrics: ["loss"] }, true);
  expect(document.querySelector("button")).toBeNull();
});
