import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { set } from "../store";
import { chain } from "../testing/document";

const asked = vi.hoisted(() => vi.fn());
vi.mock("../connection", async (original) => ({ ...(await original<object>()), ask: asked }));
const { followEdits, savesItself, toggleAutosave } = await import("./autosave");

followEdits();
let version = 1;
const edited = () => set({ document: chain({ saved: false, readonly: "", version: (version += 1) }) });

beforeEach(() => {
  vi.useFakeTimers();
  asked.mockReset().mockResolvedValue(null);
  localStorage.clear();
  set({ document: null, disk: [] });
});
afterEach(() => vi.useRealTimers());

test("nothing is saved by itself unless that is asked for", () => {
  edited();
  vi.advanceTimersByTime(60_000);
  expect(asked).not.toHaveBeenCalled();
});

test("the text is saved once after the last of several edits", () => {
  toggleAutosave();
  expect(savesItself()).toBe(true);
  edited();
  vi.advanceTimersByTime(1000);
  edited();
  vi.advanceTimersByTime(1000);
  expect(asked).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(asked.mock.calls).toEqual([["save", { overwrite: [] }]]);
});

test("what another has changed on the disk waits for a person, and so does all once it is turned off", () => {
  toggleAutosave();
  edited();
  set({ disk: [{ event: "disk", path: "a.yaml", state: "changed", diff: "" }] });
  vi.advanceTimersByTime(60_000);
  set({ disk: [] });
  toggleAutosave();
  vi.advanceTimersByTime(60_000);
  expect(asked).not.toHaveBeenCalled();
});
