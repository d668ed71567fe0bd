/** What happens when cards are let go: they stay there, or one is put into the wire that it lies on. */
import { edit } from "../changes";
import { ask } from "../connection";
import type { Card } from "../protocol";
import { announce, get } from "../store";
import { cardsById, isFolded, readersOf } from "./scene";
import { wiresAt } from "./pulling";
import { getCanvas, setCanvas } from "./state";

/** A node that no wire leads to or from, so that it can be put into one. */
function loose(card: Card | undefined): card is Card {
  const scene = get().document?.scene;
  if (scene === undefined || card === undefined || (card.kind !== "node" && card.kind !== "graph")) return false;
  if (card.lefts.length === 0 || card.rights.length === 0 || card.lefts.some((port) => port.wire !== "" && !isFolded(port)))
    return false;
  return card.rights.every(({ value_of }) => readersOf(scene, value_of).length === 0);
}

/** While one card is dragged: mark the wire below the mouse if it can be put there. */
export function dragged(x: number, y: number): void {
  const { moved, splice } = getCanvas();
  const scene = get().document?.scene;
  const ids = Object.keys(moved);
  if (scene === undefined || ids.length !== 1 || !loose(cardsById(scene).get(ids[0]!))) return;
  const wire = scene.wires.find(({ id }) => id === wiresAt(x, y)[0]);
  const found = wire?.id ?? null;
  if (found !== splice) setCanvas({ splice: found });
}

/**
 * Keep the cards where they were let go, or put the one into its wire; with Alt held, pull it out of its wires, which
 * are joined again. `moved` is given up when the picture comes.
 */
export async function released(out: boolean): Promise<void> {
  const { moved, splice } = getCanvas();
  const wire = get().document?.scene.wires.find(({ id }) => id === splice);
  setCanvas({ splice: null });
  const names = Object.keys(moved);
  if (names.length === 0) return;
  try {
    if (out && names.length === 1 && between(cardsById(get().document!.scene).get(names[0]!))) await pullOut(names[0]!);
    else if (wire !== undefined) await spliced(names[0]!, wire.target);
    else await ask("move", { positions: Object.fromEntries(Object.entries(moved).map(([id, [x, y]]) => [id, [Math.round(x), Math.round(y)]])) });
  } finally {
    setCanvas({ moved: {} });
  }
}

async function spliced(name: string, target: [string, string]): Promise<void> {
  await edit(`put ${name} into the wire to ${target.join(".")}`, { op: "splice", name, target });
  announce(`${name} is in the wire to ${target.join(" ")}`);
}

/** Take a node out of its wires, and let its readers have what stood on its first input. */
export async function pullOut(name: string): Promise<void> {
  await edit(`pull ${name} out of its wires`, { op: "pull_out", name });
  announce(`${name} is out of its wires`);
}

/** Whether a node has a wired input and a reader, so that it can be pulled out from between them. */
export function between(card: Card | undefined): boolean {
  const scene = get().document?.scene;
  return (
    scene !== undefined &&
    card?.lefts.some(({ wire, chip }) => wire !== "" && (chip === null || chip.kind === "wire")) === true &&
    card.rights.some(({ value_of }) => readersOf(scene, value_of).length > 0)
  );
}
