import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Document } from "../protocol";
import { get, hear, set } from "../store";
import { chain } from "../testing/document";
import type { CardNode } from "./Card";
import { changed, useNodes } from "./nodes";
import { setCanvas } from "./state";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
let nodes: CardNode[] = [];
let root: Root;

function Probe() {
  nodes = useNodes();
  return null;
}

const tell = (document: Document) => act(() => hear([{ event: "document", document }]));
const named = (id: string) => nodes.find((node) => node.id === id)!;

beforeEach(() => {
  set({ document: null, selected: [] });
  setCanvas({ moved: {}, level: "all" });
  root = createRoot(document.createElement("div"));
  act(() => root.render(<Probe />));
  tell(chain());
});
afterEach(() => act(() => root.unmount()));

test("an edit makes anew only the nodes of the cards that it changes", () => {
  const before = new Map(nodes.map((node) => [node.id, node]));
  const edited = chain({ version: 2 });
  edited.scene.cards[2]!.block = "Elu";
  tell(edited);
  expect(nodes.filter((node) => before.get(node.id) !== node).map(({ id }) => id)).toEqual(["relu"]);
});

test("selecting and dragging make anew the nodes that they are about", () => {
  const conv = named("conv");
  const relu = named("relu");
  act(() => changed([{ type: "select", id: "conv", selected: true }]));
  expect(get().selected).toEqual(["conv"]);
  expect(named("conv")).not.toBe(conv);
  expect(named("relu")).toBe(relu);
  act(() => changed([{ type: "position", id: "relu", position: { x: 7, y: 8 }, dragging: true }]));
  expect(named("relu").position).toEqual({ x: 7, y: 8 });
  act(() => changed([{ type: "select", id: "conv", selected: false }]));
  expect(get().selected).toEqual([]);
});

test("what is selected with the mouse is what is meant, and no port of another card", () => {
  act(() => set({ selected: ["relu"], focused: { card: "relu", port: "features", side: "left" } }));
  act(() => changed([{ type: "select", id: "conv", selected: true }]));
  expect(get().focused?.card).toBe("relu");
  act(() => changed([{ type: "select", id: "relu", selected: false }]));
  expect(get().focused).toBeNull();
});

test("a card says what it is, and that it has a problem", () => {
  expect(named("conv").ariaLabel).toBe("conv, Conv, 3 inputs, 1 output");
  expect(named("output:out").ariaLabel).toBe("out, output of the graph, 1 input");
  tell(chain({ problems: [{ message: "bad", hint: "", path: "", line: 1, column: 1, node: "conv", port: "" }] }));
  expect(named("conv").ariaLabel).toContain("has a problem");
});

test("far away no card is made", () => {
  act(() => setCanvas({ level: "far" }));
  expect(nodes).toEqual([]);
});
