/** The cards of the scene as nodes of React Flow; one that did not change stays the same object. */
import type { NodeChange } from "@xyflow/react";
import { useMemo, useRef } from "react";
import type { Card, Problem } from "../protocol";
import { set, useStudio } from "../store";
import type { CardNode } from "./Card";
import { byNode } from "./problems";
import { getCanvas, setCanvas, useCanvas } from "./state";

interface Made {
  card: Card;
  x: number;
  y: number;
  selected: boolean;
  wrong: boolean;
  node: CardNode;
}

const NOTHING: CardNode[] = [];
const NO_PROBLEMS: Problem[] = [];

export function useNodes(): CardNode[] {
  const cards = useStudio(({ document }) => document?.scene.cards);
  const problems = useStudio(({ document }) => document?.problems ?? NO_PROBLEMS);
  const editable = useStudio(({ document }) => document?.readonly === "");
  const selected = useStudio((state) => state.selected);
  const moved = useCanvas((state) => state.moved);
  const far = useCanvas(({ level }) => level === "far");
  const made = useRef(new Map<string, Made>());
  return useMemo(() => {
    if (cards === undefined || far) return NOTHING;
    const chosen = new Set(selected);
    const before = made.current;
    made.current = new Map();
    return cards.map((card) => {
      const [x, y] = moved[card.id] ?? [card.x, card.y];
      const wrong = byNode(problems).has(card.id);
      const old = before.get(card.id);
      const same = old?.card === card && old.x === x && old.y === y && old.selected === chosen.has(card.id) && old.wrong === wrong;
      const kept = same ? old : { card, x, y, selected: chosen.has(card.id), wrong, node: node(card, x, y, chosen.has(card.id), wrong) };
      made.current.set(card.id, kept);
      return kept.node;
    });
  }, [cards, problems, selected, moved, far, editable]);
}

function node(card: Card, x: number, y: number, selected: boolean, wrong: boolean): CardNode {
  const { id, width, height } = card;
  return {
    id,
    type: "card",
    position: { x, y },
    width,
    height,
    measured: { width, height },
    handles: [], // wires are not React Flow's: ports are placed by the scene
    selected,
    data: { card },
    ariaLabel: spoken(card, wrong),
    domAttributes: { "aria-roledescription": card.kind === "node" || card.kind === "graph" ? "block" : card.kind },
  };
}

function spoken(card: Card, wrong: boolean): string {
  const ports = [
    card.lefts.length > 0 && `${card.lefts.length} ${card.lefts.length === 1 ? "input" : "inputs"}`,
    card.rights.length > 0 && `${card.rights.length} ${card.rights.length === 1 ? "output" : "outputs"}`,
  ].filter(Boolean);
  const kind = card.kind === "input" || card.kind === "output" ? `${card.kind} of the graph` : card.block;
  return [card.name, kind, ...ports, wrong && "has a problem"].filter(Boolean).join(", ");
}

/** Take what React Flow found a person to do: select and move. */
export function changed(changes: NodeChange<CardNode>[]): void {
  const moved = { ...getCanvas().moved };
  let [moves, selects] = [false, false];
  const selected = new Map<string, boolean>();
  for (const change of changes) {
    if (change.type === "select") {
      selects = true;
      selected.set(change.id, change.selected);
    } else if (change.type === "position" && change.position !== undefined && change.dragging === true) {
      moves = true;
      moved[change.id] = [change.position.x, change.position.y];
    }
  }
  if (moves) setCanvas({ moved });
  if (!selects) return;
  set((state) => {
    const kept = state.selected.filter((id) => selected.get(id) !== false);
    const added = [...selected].filter(([id, on]) => on && !kept.includes(id)).map(([id]) => id);
    const now = [...kept, ...added];
    const focused = state.focused !== null && now.includes(state.focused.card) ? state.focused : null;
    return { selected: now, focused };
  });
  setCanvas({ wire: null });
}
