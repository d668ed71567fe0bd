import { beforeEach, expect, test } from "vitest";
import { register, type Command } from "../../commands";
import { keysOf } from "../../keys";
import { giveKeys, recall, sharing, takeKey, useKeymap } from "./keymap";

const save: Command = { id: "file.save", title: "Save", group: "File", keys: ["Mod+S"], run: () => null };
const find: Command = { id: "find", title: "Find", group: "View", keys: ["Mod+F"], run: () => null };
const bare: Command = { id: "bare", title: "On the canvas", group: "View", keys: [], within: "canvas", run: () => null };
register(save, find, bare);

const kept = () => JSON.parse(localStorage.getItem("dataflow.keymap")!) as unknown;
const keymap = () => useKeymap.getState().keymap;

beforeEach(() => {
  localStorage.clear();
  recall();
});

test("given keys replace the default, are kept, and can be taken back", () => {
  giveKeys(save, ["Mod+D"]);
  expect(keysOf(save)).toEqual(["Mod+D"]);
  expect(kept()).toEqual({ "file.save": ["Mod+D"] });
  giveKeys(save, null);
  expect(keysOf(save)).toEqual(["Mod+S"]);
  expect(kept()).toEqual({});
});

test("a command may have no key", () => {
  giveKeys(save, []);
  expect(keysOf(save)).toEqual([]);
});

test("giving the default is no change", () => {
  giveKeys(save, ["Mod+S"]);
  expect(keymap()).toEqual({});
});

test("what the browser kept is taken, as far as it is keys", () => {
  localStorage.setItem("dataflow.keymap", '{"find": ["Mod+G"], "file.save": 3, "other": [1]}');
  recall();
  expect(keymap()).toEqual({ find: ["Mod+G"] });
  localStorage.setItem("dataflow.keymap", "not JSON");
  expect(recall).not.toThrow();
});

test("a key that another command has is told, and can be taken from it", () => {
  expect(sharing(save, "Mod+F", keymap(), [save, find, bare])).toEqual([find]);
  takeKey(save, "Mod+F", keymap());
  expect(keysOf(save)).toEqual(["Mod+F"]);
  expect(keysOf(find)).toEqual([]);
});

test("a command of the canvas alone does not share keys with one of the page", () => {
  expect(sharing(bare, "Mod+F", keymap(), [save, find, bare])).toEqual([]);
});
