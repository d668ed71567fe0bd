/** Commands by which the keyboard walks along wires, from port to port and card to card, and draws wires. */
import { perform, register, type Command } from "../commands";
import type { Wire } from "../protocol";
import { get, openPalette, say, set } from "../store";
import { reveal, screenPoint } from "./camera";
import { card, drawing, editable, open, scene, wire } from "./chosen";
import { current, focusCard, focusGround, focusPort } from "./focus";
import { dot } from "./geometry";
import { cardsById, fed } from "./scene";
import { getCanvas, setCanvas, type End } from "./state";
import { afterInOrder, firstPort, nextCard, nextPort, nextTarget, type Arrow } from "./walk";
import { begin, dropped, end, into, lead, mend, MENDS, unwire } from "./wire";

/** Lead the wire that is drawn to the next port that it fits, or to any: the refusal says what would make it fit. */
function leadOn(arrow: Arrow, any: boolean): void {
  const wiring = getCanvas().wiring!;
  const to = nextTarget(scene(), wiring, arrow, any);
  const at = to === null ? null : dot(cardsById(scene()).get(to.card)!, to);
  if (to === null || at === null) return;
  lead(at, to);
  reveal(to.card, false);
  set({ selected: [wiring.from.card] });
}

/** An arrow leads a wire, walks from port to port while one is focused, and else from card to card. */
function walk(arrow: Arrow): void {
  if (drawing()) return leadOn(arrow, false);
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

const arrow = (way: Arrow, name: string): Command[] => {
  const key = `Arrow${way[0]!.toUpperCase()}${way.slice(1)}`;
  return [
    { id: `walk.${way}`, title: name, group: "Canvas", keys: [key], within: "canvas", enabled: open, run: () => walk(way) },
    { id: `wire.${way}`, title: `Lead the wire ${way}, also to a port that it does not fit`, group: "Canvas", keys: [`Shift+${key}`], within: "canvas", enabled: drawing, run: () => leadOn(way, true) },
  ];
};

/** End the wire at the port that it was led to, or at the only one that is lit. */
function endLed(): unknown {
  const { over, verdicts } = getCanvas().wiring!;
  const lit = [...verdicts.values()].filter((verdict) => verdict === "").length;
  if (over === null && lit === 1) leadOn("right", false);
  if (over !== null || lit === 1) return end(null);
  say("info", `${lit === 0 ? "No port fits this wire. Shift with arrows leads it to any" : "Arrows lead the wire to a port that is lit"}, A finds a block for it`);
}

/** Offer blocks: those that fit where a wire is in hand or a port has the focus, else all. */
function offer(): unknown {
  const { focused } = get();
  if (!drawing() && focused !== null && document.activeElement?.matches("[data-port]")) {
    if (wiredPort() !== null) return perform("wire.insert");
    begin(focused, null, true);
  }
  const { wiring } = getCanvas();
  if (wiring === null) return openPalette();
  setCanvas({ wiring: { ...wiring, over: null, replaced: null } });
  return end(screenPoint(wiring.start));
}

register(
  { id: "view.palette", title: "Add a block", group: "Edit", keys: ["Tab", "A"], within: "canvas", enabled: editable, menu: ["canvas"], run: offer },
  { id: "wire.end", title: "Wire to the chosen port", group: "Canvas", keys: ["Enter"], within: "canvas", enabled: () => getCanvas().wiring?.byKeys === true, run: endLed },
  { id: "wire.drop", title: "Give up the wire", group: "Canvas", keys: ["Escape"], within: "canvas", enabled: drawing, run: dropped },
  {
    id: "wire.begin",
    title: "Start a wire",
    group: "Canvas",
    keys: ["W"],
    within: "canvas",
    menu: ["port"],
    enabled: () => editable() && (get().focused !== null || card() !== undefined) && !drawing(),
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
  {
    id: "wire.insert",
    title: "Put a block into the wire",
    group: "Canvas",
    keys: ["B"],
    within: "canvas",
    menu: ["wire", "port"],
    enabled: () => editable() && wireHere() !== undefined,
    run: () => {
      const [card, port] = wireHere()!.target;
      const at = dot(cardsById(scene()).get(card)!, { port, side: "left" });
      openPalette({ at: screenPoint(at!), from: into(wireHere()!) });
    },
  },
  ...Array.from({ length: MENDS }, (_, i): Command => ({
    id: `mend.${i + 1}`,
    title: `Mend the refused wire, way ${i + 1}`,
    group: "Canvas",
    keys: [`${i + 1}`],
    within: "canvas",
    enabled: () => {
      const mends = getCanvas().refused?.mends;
      return mends === null || mends?.[i] !== undefined;
    },
    run: () => mend(i),
  })),
  ...arrow("left", "Back along the wire"),
  ...arrow("right", "On along the wire"),
  ...arrow("up", "Up"),
  ...arrow("down", "Down"),
  { id: "walk.ports", title: "Into the ports of the card", group: "Canvas", keys: ["P", "Space"], within: "canvas", enabled: () => card() !== undefined && get().focused === null, run: () => { const to = firstPort(card()!); if (to !== null) focusPort(to); } },
  { id: "walk.back", title: "Out of the ports, or of the selection", group: "Canvas", keys: ["Escape"], within: "canvas", enabled: () => open(), run: back },
  { id: "walk.next", title: "Next card", group: "Canvas", keys: ["N"], within: "canvas", enabled: open, run: () => step(1) },
  { id: "walk.previous", title: "Previous card", group: "Canvas", keys: ["Shift+N"], within: "canvas", enabled: open, run: () => step(-1) },
  { id: "view.region", title: "To the next part of the page", group: "View", keys: ["F6"], run: region },
);

/** The wire that is selected, or that leads to the focused port. */
function wireHere(): Wire | undefined {
  const port = wiredPort();
  return wire() ?? (port === null ? undefined : scene().wires.find(({ target: [to, name] }) => to === port.card && name === port.port));
}

function wiredPort(): End | null {
  const { focused } = get();
  if (focused === null || focused.side === "right" || !open()) return null;
  return (fed({ scene: scene() }, focused)?.wire ?? "") === "" ? null : { ...focused, side: "left" };
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

