/** Going from one end of a value to the other, and into graphs. */
import { ask } from "../connection";
import type { LeftPort, RightPort } from "../protocol";
import { get, say } from "../store";
import { reveal } from "./camera";
import { focusCard } from "./focus";
import { cardsById, isFolded, originOf, readersOf } from "./scene";

const last = new Map<string, number>(); // by value, the reader that was gone to

/** Go to the other end of a port's value, of an output to its readers in turn; what has no card gets one. */
export async function jumpAlong(port: LeftPort | RightPort): Promise<void> {
  const scene = get().document?.scene;
  if (scene === undefined) return;
  if ("wire" in port) {
    if (isFolded(port)) return unfold(port.wire.split(".", 1)[0]!);
    const origin = originOf(scene, port.value_of)?.card ?? port.wire.split(".", 1)[0]!;
    if (reveal(origin)) focusCard(origin);
    return;
  }
  const drawn = new Set(scene.wires.map(({ target }) => target.join(" ")));
  const readers = readersOf(scene, port.value_of).filter(({ card, port: name }) => !drawn.has(`${card} ${name}`));
  const next = ((last.get(port.value_of) ?? -1) + 1) % Math.max(readers.length, 1);
  last.set(port.value_of, next);
  const reader = readers[next];
  if (reader !== undefined && reveal(reader.card)) focusCard(reader.card);
}

/** Give a node that is drawn within others a card of its own. */
export async function unfold(node: string): Promise<void> {
  const open = get().document;
  if (open === null) return;
  if (!cardsById(open.scene).has(node)) await ask("view", { unfolded: [...open.view.unfolded, node] });
  await focusCard(node);
}

/** Draw a node within the cards that read it again. */
export async function foldAgain(node: string): Promise<void> {
  const open = get().document;
  if (open !== null) await ask("view", { unfolded: open.view.unfolded.filter((name) => name !== node) });
}

/** Show what is inside of a graph that is used as a node. */
export async function enter(card: string): Promise<void> {
  const open = get().document;
  if (open === null || cardsById(open.scene).get(card)?.kind !== "graph") return;
  await ask("view", { scope: open.view.scope === "" ? card : `${open.view.scope}/${card}` });
}

/** Show the graph that this one is used in. */
export async function leave(): Promise<void> {
  const open = get().document;
  if (open === null || open.view.scope === "") return;
  const inside = open.view.scope.split("/").at(-1)!;
  await ask("view", { scope: open.view.scope.split("/").slice(0, -1).join("/") });
  if (!reveal(inside)) say("info", `${inside} is drawn within another card`);
}
