import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { register } from "./commands";
import { listen, pressed, setKeymap, shown, typedAhead } from "./keys";
import { get, set } from "./store";
import { chain } from "./testing/document";

const done = vi.fn();
let able = true;
register(
  { id: "test.letter", title: "Letter", group: "Test", keys: ["Q"], within: "canvas", run: () => done("letter") },
  { id: "test.save", title: "Save", group: "Test", keys: ["Mod+J"], run: () => done("save") },
  { id: "test.off", title: "Off", group: "Test", keys: ["Z"], enabled: () => false, run: () => done("off") },
  { id: "test.on", title: "On", group: "Test", keys: ["Z"], run: () => done("on") },
  { id: "test.chord", title: "Double", group: "Edit", keys: ["Mod+E", "Mod+Z"], enabled: () => able, otherwise: "select something", run: () => done("chord") },
  { id: "test.back", title: "Push", group: "Edit", keys: ["Alt+ArrowLeft"], within: "canvas", enabled: () => false, run: () => done("back") },
  { id: "test.tab", title: "Tab", group: "Test", keys: ["Tab"], within: "canvas", run: () => done("tab") },
);

let deaf = () => {};
beforeEach(() => {
  document.body.innerHTML =
    '<div class="canvas"><div class="ground" tabindex="0"><div class="react-flow__node" tabindex="0"></div></div></div><input><button></button>';
  done.mockClear();
  deaf = listen();
});
afterEach(() => {
  deaf();
  setKeymap({});
  able = true;
  set({ over: null, document: null, notices: [] });
});

function press(selector: string, key: string, rest: KeyboardEventInit = {}): boolean {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...rest });
  return !document.querySelector(selector)!.dispatchEvent(event);
}

test("a press is named with Shift only where Shift makes no other sign", () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  expect(pressed({ ...plain, key: "z", ctrlKey: true, shiftKey: true })).toBe("Mod+Shift+Z");
  expect(pressed({ ...plain, key: "?", shiftKey: true })).toBe("?");
  expect(pressed({ ...plain, key: "Tab", shiftKey: true })).toBe("Shift+Tab");
  expect(pressed({ ...plain, key: " " })).toBe("Space");
  expect(shown("Mod+Shift+Z")).toBe("Ctrl Shift Z");
  expect(shown("+")).toBe("+");
  expect(shown("Mod++")).toBe("Ctrl +");
});

test("letters, and keys that edit text, belong to the field that is written in", () => {
  expect(press("input", "q")).toBe(false);
  expect(press("input", "z", { ctrlKey: true })).toBe(false);
  expect(press("input", "ArrowLeft", { altKey: true })).toBe(false);
  expect(press("input", "j", { ctrlKey: true })).toBe(true);
  expect(done.mock.calls).toEqual([["save"]]);
});

test("keys of a command that cannot be done are not the browser's, and say why", () => {
  able = false;
  const said = () => get().notices.map(({ message }) => message);
  expect(press("body", "e", { ctrlKey: true })).toBe(true);
  expect(said()).toEqual(["Double: open a graph first"]);
  set({ document: chain(), notices: [] });
  expect(press("input", "e", { ctrlKey: true })).toBe(true);
  expect(said()).toEqual(["Double: select something"]);
  set({ document: { ...chain(), readonly: "it is of the package" }, notices: [] });
  expect(press("body", "e", { ctrlKey: true })).toBe(true);
  expect(said()).toEqual(["Double: it is of the package"]);
  set({ document: chain(), notices: [] });
  expect(press(".ground", "ArrowLeft", { altKey: true })).toBe(true); // which would leave the page
  expect(press("button", "ArrowLeft", { altKey: true })).toBe(false);
  expect(said()).toEqual([]);
  expect(done).not.toHaveBeenCalled();
});

test("keys of the canvas work in it and where nothing has the focus, not in a panel", () => {
  press("button", "q");
  expect(done).not.toHaveBeenCalled();
  press(".ground", "q");
  press("body", "q");
  expect(done).toHaveBeenCalledTimes(2);
});

test("of two commands with a key the one that can be done is", () => {
  press("body", "z");
  expect(done.mock.calls).toEqual([["on"]]);
});

test("keys of the user are in place of a command's own", () => {
  setKeymap({ "test.on": ["K"] });
  expect(press("body", "z")).toBe(false);
  press("body", "k");
  expect(done.mock.calls).toEqual([["on"]]);
});

test("Tab moves the focus on, and is a command's once after a click on the canvas only", () => {
  document.querySelector("input")!.dispatchEvent(new Event("pointerdown", { bubbles: true }));
  expect(press("input", "Tab")).toBe(false);
  expect(press(".ground", "Tab")).toBe(false);
  document.querySelector(".ground")!.dispatchEvent(new Event("pointerdown", { bubbles: true }));
  expect(press(".ground", "Tab")).toBe(true);
  expect(press(".ground", "Tab")).toBe(false);
  document.querySelector(".react-flow__node")!.dispatchEvent(new Event("pointerdown", { bubbles: true }));
  expect(press(".react-flow__node", "Tab")).toBe(true);
  expect(press(".react-flow__node", "Tab")).toBe(false);
  expect(done.mock.calls).toEqual([["tab"], ["tab"]]);
});

test("while something lies over the page keys are its own, and Escape closes it", () => {
  set({ over: "keys" });
  expect(press("body", "z")).toBe(false);
  expect(press("body", "Escape")).toBe(true);
  press("body", "z");
  expect(done.mock.calls).toEqual([["on"]]);
});

test("what is typed while something is being opened waits for its field", () => {
  set({ over: "palette" });
  for (const key of ["q", "u", "Shift", "a"]) press(".ground", key);
  press("input", "x"); // the field has it
  press(".ground", "k", { ctrlKey: true });
  expect(done).not.toHaveBeenCalled();
  expect(typedAhead()).toBe("qua");
  expect(typedAhead()).toBe("");
});
