import { beforeEach, afterEach, expect, test, vi } from "vitest";
import type { Document } from "../protocol";
import { get, set } from "../store";
import { chain as made } from "../testing/document";

const asked = vi.hoisted(() => vi.fn());
vi.mock("../connection", async (original) => ({ ...(await original<object>()), ask: asked }));
const { listenToClipboard } = await import("./clipboard");

const YAML = "relu:\n  block: Relu\n";
const written = vi.fn(async () => {});
let deaf = () => {};

/** A document of which only what the clipboard asks is told. */
const known = (rest: Partial<Document> = {}) => made({ version: 7, readonly: "", ...rest });

beforeEach(() => {
  asked.mockReset().mockImplementation(async (what: string) => (what === "copy" ? YAML : { version: 8, names: ["relu_2"] }));
  written.mockClear();
  Object.defineProperty(navigator, "clipboard", { value: { writeText: written }, configurable: true });
  document.body.innerHTML = '<div class="canvas"><div class="ground" tabindex="0"></div></div><input>';
  set({ document: known(), selected: [], over: null, notices: [] });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame"] });
  deaf = listenToClipboard();
});
afterEach(() => {
  deaf();
  vi.useRealTimers();
});

/** An event of the clipboard; gives what was put there, or null where the page did not care. */
function happens(type: "copy" | "cut" | "paste", text = "", target: Element = document.body): string | null {
  let data = text;
  const event = new Event(type, { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { getData: () => data, setData: (_: string, given: string) => (data = given) } });
  target.dispatchEvent(event);
  return event.defaultPrevented ? data : null;
}

const settle = () => vi.advanceTimersByTimeAsync(500);
const edits = () => asked.mock.calls.filter(([what]) => what === "edit").map(([, given]) => given.edits);

test("a selection that has stood for a while is copied at once", async () => {
  set({ selected: ["relu", "conv"] });
  await settle();
  expect(happens("copy")).toBe(YAML);
  expect(asked).toHaveBeenCalledWith("copy", { names: ["relu", "conv"] });
  expect(written).not.toHaveBeenCalled();
});

test("a selection that was just made is copied when its text is here, and a paste waits for it", async () => {
  set({ selected: ["relu"] });
  happens("copy");
  happens("paste", "what was there before");
  await settle();
  expect(written).toHaveBeenCalledWith(YAML);
  expect(edits()).toEqual([[{ op: "paste", text: YAML, after: "relu" }]]);
});

test("cut copies and deletes; outputs are not nodes", async () => {
  set({ selected: ["relu", "output:out"] });
  await settle();
  expect(happens("cut")).toBe(YAML);
  await settle();
  expect(edits()).toEqual([[{ op: "delete", names: ["relu"], reconnect: false }]]);
});

test("without a selection a text is pasted at the end", async () => {
  happens("paste", YAML);
  await settle();
  expect(edits()).toEqual([[{ op: "paste", text: YAML, after: "" }]]);
});

test("an empty clipboard is told", async () => {
  happens("paste", "  ");
  await settle();
  expect(edits()).toEqual([]);
  expect(get().notices[0]?.message).toMatch(/holds no text/);
});

test("fields keep their own clipboard, and a file that is read only takes nothing", async () => {
  set({ selected: ["relu"] });
  expect(happens("copy", "", document.querySelector("input")!)).toBeNull();
  expect(happens("paste", YAML, document.querySelector("input")!)).toBeNull();
  set({ document: known({ readonly: "it comes with the package" }) });
  expect(happens("paste", YAML)).toBeNull();
  await settle();
  expect(edits()).toEqual([]);
});

test("nothing is copied where nothing is selected, or something lies over the page", () => {
  expect(happens("copy")).toBeNull();
  set({ selected: ["relu"], over: "find" });
  expect(happens("copy")).toBeNull();
});
