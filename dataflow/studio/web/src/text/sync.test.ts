import { EditorState, type ChangeSet, type ChangeSpec } from "@codemirror/state";
import { beforeEach, expect, test } from "vitest";
import { Sync, unbroken } from "./sync";

const TEXT = "a: 1\nb: 2\nc: 3\n";
let sync: Sync;
let pane: EditorState;

beforeEach(() => {
  sync = new Sync(TEXT);
  pane = EditorState.create({ doc: TEXT, selection: { anchor: 13 } });
});

function type(changes: ChangeSpec): void {
  const made = pane.update({ changes });
  sync.typed(made.changes);
  pane = made.state;
}

function show(changes: ChangeSet | null): void {
  if (changes) pane = pane.update({ changes }).state;
}

const hear = (text: string) => show(sync.heard(text));

test("what is typed is sent once, and its coming back changes nothing, before or behind the answer", () => {
  type({ from: 3, to: 4, insert: "9" });
  expect(sync.send()).toBe("a: 9\nb: 2\nc: 3\n");
  expect(sync.send()).toBeNull();
  hear("a: 9\nb: 2\nc: 3\n");
  show(sync.taken());
  expect(sync.changed).toBe(false);
  type({ from: 4, insert: "0" });
  sync.send();
  show(sync.taken());
  hear("a: 90\nb: 2\nc: 3\n");
  expect(sync.changed).toBe(false);
  expect(pane.doc.toString()).toBe("a: 90\nb: 2\nc: 3\n");
});

test("what is typed while an answer is out is kept, and sent next", () => {
  type({ from: 3, to: 4, insert: "9" });
  sync.send();
  type({ from: 4, insert: "0" });
  hear("a: 9\nb: 2\nc: 3\n");
  show(sync.taken());
  expect(sync.changed).toBe(true);
  expect(pane.doc.toString()).toBe("a: 90\nb: 2\nc: 3\n");
  expect(sync.send()).toBe("a: 90\nb: 2\nc: 3\n");
});

test("what was refused because the text had changed is kept beside that change", () => {
  type({ from: 3, to: 4, insert: "9" });
  sync.send();
  hear("a: 1\nb: 2\nc: 33\n");
  show(sync.refused());
  expect(pane.doc.toString()).toBe("a: 9\nb: 2\nc: 33\n");
  expect(sync.send()).toBe("a: 9\nb: 2\nc: 33\n");
});

test("an edit elsewhere changes its line alone, and the cursor stays in its own", () => {
  hear("a: 1000\nb: 2\nc: 3\n");
  expect(pane.doc.toString()).toBe("a: 1000\nb: 2\nc: 3\n");
  expect(pane.selection.main.head).toBe(16);
  expect(sync.changed).toBe(false);
});

test("an edit elsewhere and what is typed are both kept", () => {
  type({ from: 13, to: 14, insert: "[" });
  hear("new: 0\na: 1\nb: 2\nc: 3\n");
  expect(pane.doc.toString()).toBe("new: 0\na: 1\nb: 2\nc: [\n");
  expect(sync.send()).toBe("new: 0\na: 1\nb: 2\nc: [\n");
});

test("what was refused stays, and goes with the next", () => {
  type({ from: 3, to: 4, insert: "[" });
  sync.send();
  sync.refused();
  expect(sync.changed).toBe(true);
  type({ from: 4, insert: "]" });
  expect(sync.send()).toBe("a: []\nb: 2\nc: 3\n");
});

test("a text that the server takes in another layout is shown so", () => {
  type({ from: 3, to: 4, insert: "  9" });
  sync.send();
  hear("a: 9\nb: 2\nc: 3\n");
  show(sync.taken());
  expect(pane.doc.toString()).toBe("a: 9\nb: 2\nc: 3\n");
  expect(sync.changed).toBe(false);
});

test("line breaks of two characters are known again", () => {
  expect(unbroken("a\r\nb\r\n")).toEqual({ text: "a\nb\n", ending: "\r\n" });
  expect(unbroken("a\nb")).toEqual({ text: "a\nb", ending: "\n" });
});
