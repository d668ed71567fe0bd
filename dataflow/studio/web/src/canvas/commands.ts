/** What a person can do to cards and wires, and with the view of them, by keys and menus. */
import { edit } from "../changes";
import { register, type Command } from "../commands";
import { ask } from "../connection";
import type { Card } from "../protocol";
import { get, set } from "../store";
import { fit, zoomBy } from "./camera";
import { card, chosen, drawing, editable, open, scene, typing, wire } from "./chosen";
import { between, pullOut } from "./dragging";
import { focusGround } from "./focus";
import { around, type Rect } from "./geometry";
import { enter, foldAgain, leave, unfold } from "./jumps";
import { removed } from "./removed";
import { fed, isFolded } from "./scene";
import { setCanvas } from "./state";
import type { Arrow } from "./walk";
import { unwire } from "./wire";

const nodes = (): string[] => chosen().filter(({ kind }) => kind === "node" || kind === "graph").map(({ id }) => id);

async function deleted(reconnect: boolean): Promise<void> {
  const picked = wire();
  if (picked !== undefined) {
    await unwire([{ card: picked.target[0], port: picked.target[1], side: "left" }]);
    setCanvas({ wire: null });
    return;
  }
  const names = nodes();
  const outputs = chosen().filter(({ kind }) => kind === "output").map(({ name }) => name);
  const inputs = chosen().filter(({ kind }) => kind === "input").map(({ name }) => name);
  await edit(
    `delete ${[...names, ...inputs, ...outputs].join(", ")}`,
    ...outputs.map((name) => ({ op: "remove" as const, place: `outputs.${name}` })),
    ...(names.length > 0 ? [{ op: "delete" as const, names, reconnect }] : []),
    ...inputs.map((name) => ({ op: "remove" as const, place: `inputs.${name}` })),
  );
  removed([...names, ...inputs, ...outputs].join(", "));
  focusGround();
}

/** Whether Enter ends a wire, or presses or changes what has the focus: a chip, or the value of an input. */
const busy = (): boolean => drawing() || get().focused?.side === "chip" || typing();

/** The node without a card that the focused port reads. */
const folded = (): string => {
  const { focused, document } = get();
  const port = focused === null || focused.side === "right" || document === null ? undefined : fed(document, focused);
  return isFolded(port) ? port!.wire.split(".", 1)[0]! : "";
};

const push = (way: Arrow, [x, y]: [number, number]): Command => ({
  id: `push.${way}`,
  title: `Move what is selected ${way === "up" || way === "down" ? way : `to the ${way}`}`,
  group: "Edit",
  keys: [`Alt+Arrow${way[0]!.toUpperCase()}${way.slice(1)}`],
  within: "canvas",
  enabled: () => editable() && chosen().length > 0,
  otherwise: "select the cards to move",
  run: () => ask("move", { positions: Object.fromEntries(chosen().map((each) => [each.id, [each.x + x, each.y + y]])) }),
});

const align = (id: string, name: string, at: (card: Card, all: Rect) => [number, number]): Command => ({
  id: `canvas.align.${id}`,
  title: `Align ${name}`,
  group: "Canvas",
  keys: [],
  menu: ["card"],
  enabled: () => editable() && chosen().length > 1,
  run: () => {
    const all = around(chosen());
    return ask("move", { positions: Object.fromEntries(chosen().map((each) => [each.id, at(each, all)])) });
  },
});

register(
  { id: "canvas.open", title: "Open", group: "Canvas", keys: ["Enter"], within: "canvas", menu: ["card"], enabled: () => card()?.kind === "graph" && !busy(), run: () => enter(card()!.id) },
  { id: "canvas.inspect", title: "Inspect", group: "Canvas", keys: ["Enter"], within: "canvas", menu: ["card"], enabled: () => card() !== undefined && card()!.kind !== "graph" && !busy(), run: inspect },
  { id: "canvas.leave", title: "Back to the graph around this one", group: "Canvas", keys: ["Backspace", "Mod+ArrowUp"], within: "canvas", menu: ["canvas"], enabled: () => (get().document?.view.scope ?? "") !== "", run: leave },
  { id: "edit.delete", title: "Delete", group: "Edit", keys: ["Delete"], within: "canvas", menu: ["card", "wire"], enabled: () => editable() && (chosen().length > 0 || wire() !== undefined), run: () => deleted(false) },
  { id: "edit.delete.reconnect", title: "Delete and reconnect", group: "Edit", keys: ["Shift+Delete"], within: "canvas", menu: ["card"], enabled: () => editable() && nodes().length > 0, run: () => deleted(true) },
  {
    id: "edit.pull",
    title: "Pull out of its wires",
    group: "Edit",
    keys: ["Shift+X"],
    within: "canvas",
    menu: ["card"],
    enabled: () => editable() && nodes().length === 1 && between(chosen()[0]),
    run: () => pullOut(nodes()[0]!),
  },
  { id: "edit.select.all", title: "Select everything", group: "Edit", keys: ["Mod+A"], within: "canvas", menu: ["canvas"], enabled: open, run: () => set({ selected: scene().cards.map(({ id }) => id) }) },
  { id: "canvas.unfold", title: "Draw what it reads as a card", group: "Canvas", keys: [], menu: ["port"], enabled: () => folded() !== "", run: () => unfold(folded()) },
  { id: "canvas.fold", title: "Fold into the cards that read it", group: "Canvas", keys: [], menu: ["card"], enabled: () => get().document?.view.unfolded.includes(card()?.id ?? "") === true, run: () => foldAgain(card()!.id) },
  {
    id: "canvas.place",
    title: "Back to their own places",
    group: "Canvas",
    keys: [],
    menu: ["card"],
    enabled: () => chosen().length > 0,
    run: () => ask("move", { positions: Object.fromEntries(get().selected.map((id) => [id, null])) }),
  },
  {
    id: "canvas.place.all",
    title: "All cards back to their own places",
    group: "Canvas",
    keys: ["Shift+L"],
    within: "canvas",
    menu: ["canvas"],
    enabled: open,
    run: () => ask("move", { positions: Object.fromEntries(scene().cards.map(({ id }) => [id, null])) }),
  },
  align("left", "left edges", (each, { x }) => [x, each.y]),
  align("top", "upper edges", (each, { y }) => [each.x, y]),
  push("left", [-20, 0]),
  push("right", [20, 0]),
  push("up", [0, -20]),
  push("down", [0, 20]),
  { id: "view.fit", title: "Fit into the window", group: "View", keys: ["F"], within: "canvas", menu: ["canvas"], enabled: open, run: () => fit() },
  { id: "view.fit.selected", title: "Fit what is selected", group: "View", keys: ["Shift+F"], within: "canvas", enabled: () => chosen().length > 0, run: () => fit(true, true) },
  { id: "view.larger", title: "Larger", group: "View", keys: ["+", "="], within: "canvas", enabled: open, run: () => zoomBy(1.25) },
  { id: "view.smaller", title: "Smaller", group: "View", keys: ["-"], within: "canvas", enabled: open, run: () => zoomBy(0.8) },
);

function inspect(): void {
  const id = card()!.id;
  set({ selected: [id], side: "inspector" });
  requestAnimationFrame(() => document.querySelector<HTMLElement>("#side-body :is(input, select, textarea, button)")?.focus());
}

