/** What a person can do on the canvas, by its keys and menus. */
import { register, version, type Command } from "../commands";
import { ask } from "../connection";
import type { Card } from "../protocol";
import { announce, get, set } from "../store";
import { fit, reveal, zoomBy } from "./camera";
import { between } from "./dragging";
import { current, focusCard, focusGround, focusPort } from "./focus";
import { enter, foldAgain, leave } from "./jumps";
import { cardsById } from "./scene";
import { getCanvas, setCanvas, type End } from "./state";
import { afterInOrder, firstPort, nextCard, nextPort, nextTarget, type Arrow } from "./walk";
import { begin, dropped, end, lead, mend, unwire } from "./wire";
import { around, dot, type Rect } from "./geometry";

const open = () => get().document !== null;
const editable = () => get().document?.readonly === "";
const scene = () => get().document!.scene;
const card = (): Card | undefined => (open() ? cardsById(scene()).get(current() ?? "") : undefined);
const chosen = (): Card[] => (open() ? get().selected.flatMap((id) => cardsById(scene()).get(id) ?? []) : []);
const nodes = (): string[] => chosen().filter(({ kind }) => kind === "node" || kind === "graph").map(({ id }) => id);
const wire = () => get().document?.scene.wires.find(({ id }) => id === getCanvas().wire);

/** An arrow leads a wire, walks from port to port while one is focused, and else from card to card. */
function walk(arrow: Arrow): void {
  const { wiring } = getCanvas();
  if (wiring !== null) {
    const to = nextTarget(scene(), wiring.verdicts, wiring.at, wiring.over, arrow);
    const at = to === null ? null : dot(cardsById(scene()).get(to.card)!, to);
    if (to === null || at === null) return;
    lead(at, to);
    reveal(to.card, false);
    set({ selected: [wiring.from.card] });
    return;
  }
  const { focused } = get();
  if (focused !== null) {
    const to = nextPort(scene(), focused, arrow);
    if (to !== null) focusPort(to);
    return;
  }
  const to = nextCard(scene(), current() ?? "", arrow);
  if (to !== null) focusCard(to);
}

function step(by: 1 | -1): void {
  const to = afterInOrder(scene(), current(), by);
  if (to === null) focusGround();
  else focusCard(to);
}

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
  await ask("edit", {
    version: version(),
    title: `delete ${[...names, ...inputs, ...outputs].join(", ")}`,
    edits: [
      ...outputs.map((name) => ({ op: "remove" as const, place: `outputs.${name}` })),
      ...(names.length > 0 ? [{ op: "delete" as const, names, reconnect }] : []),
      ...inputs.map((name) => ({ op: "remove" as const, place: `inputs.${name}` })),
    ],
  });
  announce(`Deleted ${[...names, ...inputs, ...outputs].join(", ")}`);
  focusGround();
}

const arrow = (way: Arrow, name: string): Command => ({
  id: `walk.${way}`,
  title: name,
  group: "Canvas",
  keys: [`Arrow${way[0]!.toUpperCase()}${way.slice(1)}`],
  within: "canvas",
  enabled: open,
  run: () => walk(way),
});

const push = (way: Arrow, [x, y]: [number, number]): Command => ({
  id: `push.${way}`,
  title: `Move what is selected ${way === "up" || way === "down" ? way : `to the ${way}`}`,
  group: "Canvas",
  keys: [`Alt+Arrow${way[0]!.toUpperCase()}${way.slice(1)}`],
  within: "canvas",
  enabled: () => editable() && chosen().length > 0,
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
  { id: "wire.end", title: "Wire to the chosen port", group: "Canvas", keys: ["Enter"], within: "canvas", enabled: () => getCanvas().wiring?.byKeys === true, run: () => end(null) },
  { id: "wire.drop", title: "Give up the wire", group: "Canvas", keys: ["Escape"], within: "canvas", enabled: () => getCanvas().wiring !== null, run: dropped },
  {
    id: "wire.begin",
    title: "Start a wire",
    group: "Canvas",
    keys: ["W"],
    within: "canvas",
    menu: ["port"],
    enabled: () => editable() && (get().focused !== null || card() !== undefined) && getCanvas().wiring === null,
    run: () => {
      const from = get().focused ?? (card() === undefined ? null : firstPort(card()!));
      if (from !== null) begin(from, null, true);
    },
  },
  {
    id: "wire.cut",
    title: "Take off the wire",
    group: "Canvas",
    keys: ["X"],
    within: "canvas",
    menu: ["port", "wire"],
    enabled: () => editable() && (wire() !== undefined || wiredPort() !== null),
    run: () => {
      const picked = wire();
      const port = picked === undefined ? wiredPort() : ({ card: picked.target[0], port: picked.target[1], side: "left" } as const);
      setCanvas({ wire: null });
      return port === null ? undefined : unwire([port]);
    },
  },
  ...Array.from({ length: 5 }, (_, i): Command => ({
    id: `mend.${i + 1}`,
    title: `Mend the refused wire, way ${i + 1}`,
    group: "Canvas",
    keys: [`${i + 1}`],
    within: "canvas",
    enabled: () => getCanvas().refused?.mends[i] !== undefined,
    run: () => mend(i),
  })),
  { id: "canvas.open", title: "Open", group: "Canvas", keys: ["Enter"], within: "canvas", menu: ["card"], enabled: () => card()?.kind === "graph", run: () => enter(card()!.id) },
  { id: "canvas.inspect", title: "Inspect", group: "Canvas", keys: ["Enter"], within: "canvas", menu: ["card"], enabled: () => card() !== undefined && card()!.kind !== "graph", run: inspect },
  { id: "canvas.leave", title: "Back to the graph around this one", group: "Canvas", keys: ["Backspace", "Mod+ArrowUp"], within: "canvas", menu: ["canvas"], enabled: () => (get().document?.view.scope ?? "") !== "", run: leave },
  arrow("left", "Back along the wire"),
  arrow("right", "On along the wire"),
  arrow("up", "Up"),
  arrow("down", "Down"),
  { id: "walk.ports", title: "Into the ports of the card", group: "Canvas", keys: ["P", "Space"], within: "canvas", enabled: () => card() !== undefined && get().focused === null, run: () => { const to = firstPort(card()!); if (to !== null) focusPort(to); } },
  { id: "walk.back", title: "Out of the ports, or of the selection", group: "Canvas", keys: ["Escape"], within: "canvas", enabled: () => open(), run: back },
  { id: "walk.next", title: "Next card", group: "Canvas", keys: ["N"], within: "canvas", enabled: open, run: () => step(1) },
  { id: "walk.previous", title: "Previous card", group: "Canvas", keys: ["Shift+N"], within: "canvas", enabled: open, run: () => step(-1) },
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
    run: () => ask("edit", { version: version(), edits: [{ op: "pull_out", name: nodes()[0]! }], title: `pull ${nodes()[0]} out of its wires` }),
  },
  { id: "edit.select.all", title: "Select everything", group: "Edit", keys: ["Mod+A"], within: "canvas", menu: ["canvas"], enabled: open, run: () => set({ selected: scene().cards.map(({ id }) => id) }) },
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
  { id: "view.region", title: "To the next part of the page", group: "View", keys: ["F6"], typing: true, run: region },
);

function wiredPort(): End | null {
  const { focused } = get();
  if (focused === null || focused.side !== "left" || !open()) return null;
  const port = cardsById(scene()).get(focused.card)?.lefts.find(({ name }) => name === focused.port);
  return port === undefined || port.wire === "" ? null : focused;
}

function inspect(): void {
  const id = card()!.id;
  set({ selected: [id], side: "inspector" });
  requestAnimationFrame(() => document.querySelector<HTMLElement>("#side-body :is(input, select, textarea, button)")?.focus());
}

function back(): void {
  const { focused, selected } = get();
  setCanvas({ refused: null, wire: null });
  if (focused !== null) focusCard(focused.card);
  else if (selected.length > 0) {
    set({ selected: [] });
    focusGround();
  }
}

/** The parts of the page in turn, so that no one has to go through all cards to leave the canvas. */
function region(): void {
  const parts = [".top", ".ground", ".pane", ".side", ".status"].flatMap((part) => document.querySelector<HTMLElement>(part) ?? []);
  const at = parts.findIndex((part) => part.contains(document.activeElement));
  for (let i = 1; i <= parts.length; i++) {
    const part = parts[(at + i) % parts.length]!;
    const found = part.matches("[tabindex]") ? part : part.querySelector<HTMLElement>("button:not(:disabled), [tabindex='0'], input");
    if (found === null) continue;
    found.focus();
    return;
  }
}

