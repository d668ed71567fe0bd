/** Where the arrow keys lead: along the wires and between cards, ports and rows. */
import type { Card, Scene } from "../protocol";
import { dot, type Point } from "./geometry";
import { cardsById, isFolded, originOf, readersOf } from "./scene";
import { key, type End, type Wiring } from "./state";
import { toward } from "./wiring";

type Shown = Pick<Scene, "cards">;
export type Arrow = "left" | "right" | "up" | "down";

const DIRECTIONS: Record<Arrow, Point> = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };

/** The card that an arrow leads to: left and right along the wires, up and down to the nearest one there. */
export function nextCard(scene: Shown, from: string, arrow: Arrow): string | null {
  const card = cardsById(scene).get(from);
  if (card === undefined) return scene.cards[0]?.id ?? null;
  if (arrow === "left") for (const { value_of } of card.lefts) {
    const origin = originOf(scene, value_of);
    if (origin !== undefined) return origin.card;
  }
  if (arrow === "right") for (const { value_of } of card.rights) {
    const [reader] = readersOf(scene, value_of);
    if (reader !== undefined) return reader.card;
  }
  const middle = ({ x, y, width, height }: Card): Point => [x + width / 2, y + height / 2];
  const others = scene.cards
    .filter((each) => each !== card)
    .map((each) => ({ end: { card: each.id, port: "", side: "left" } as const, at: middle(each) }));
  return toward(others, middle(card), DIRECTIONS[arrow])?.card ?? null;
}

/**
 * The port that an arrow leads to: up and down within a side; across to the other, or along the wire that is there. On the
 * way is the chip of a node that has no card.
 */
export function nextPort(scene: Shown, from: End, arrow: Arrow): End | null {
  const card = cardsById(scene).get(from.card);
  if (card === undefined) return null;
  const ports = from.side === "right" ? card.rights : card.lefts;
  const at = ports.findIndex(({ name }) => name === from.port);
  if (arrow === "up" || arrow === "down") {
    const next = ports[at + (arrow === "down" ? 1 : -1)];
    return next === undefined ? null : { card: from.card, port: next.name, side: from.side === "right" ? "right" : "left" };
  }
  if (arrow === "left" && from.side === "chip") return { ...from, side: "left" };
  if (arrow === "right" && from.side === "left" && isFolded(card.lefts[at])) return { ...from, side: "chip" };
  const value = ports[at]?.value_of ?? "";
  if (arrow === "left" && from.side === "left") return originOf(scene, value) ?? null;
  if (arrow === "right" && from.side === "right") return readersOf(scene, value)[0] ?? null;
  return nearestAcross(card, from);
}

function nearestAcross(card: Card, from: End): End | null {
  const side = from.side === "right" ? "left" : "right";
  const row = (from.side === "right" ? card.rights : card.lefts).find(({ name }) => name === from.port)?.row ?? 0;
  const ports = [...(side === "left" ? card.lefts : card.rights)];
  ports.sort((a, b) => Math.abs(a.row - row) - Math.abs(b.row - row));
  return ports[0] === undefined ? null : { card: card.id, port: ports[0].name, side };
}

/** The port to begin with on a card: its first output, else its first input. */
export function firstPort(card: Card): End | null {
  const [right] = card.rights;
  const [left] = card.lefts;
  if (right !== undefined) return { card: card.id, port: right.name, side: "right" };
  return left === undefined ? null : { card: card.id, port: left.name, side: "left" };
}

/** The cards in the order of Tab: row by row as the scene has them. */
export function afterInOrder(scene: Shown, from: string | null, step: 1 | -1): string | null {
  const at = scene.cards.findIndex(({ id }) => id === from);
  if (at === -1) return (step === 1 ? scene.cards[0] : scene.cards.at(-1))?.id ?? null;
  return scene.cards[at + step]?.id ?? null;
}

/**
 * The port that fits, or `any`, toward which an arrow points, for a wire that is led by the keyboard; where none is there
 * the next one in the order of reading, so that each can be reached.
 */
export function nextTarget(scene: Shown, { from, at, over, verdicts }: Omit<Wiring, "replaced" | "byKeys">, arrow: Arrow, any: boolean): End | null {
  const ends: { end: End; at: Point }[] = [];
  for (const card of scene.cards)
    for (const side of ["left", "right"] as const)
      for (const port of side === "left" ? card.lefts : card.rights) {
        const end: End = { card: card.id, port: port.name, side };
        const place = dot(card, end);
        const verdict = verdicts.get(key(end));
        if (verdict !== undefined && (verdict === "" || (any && card.id !== from.card)) && place !== null) ends.push({ end, at: place });
      }
  const here = over === null ? at : (dot(cardsById(scene).get(over.card)!, over) ?? at);
  const ahead = toward(ends, here, DIRECTIONS[arrow]);
  if (ahead !== null || ends.length === 0) return ahead;
  const read = ends.sort(({ at: a }, { at: b }) => a[1] - b[1] || a[0] - b[0]);
  const on = arrow === "right" || arrow === "down";
  const after = read.findIndex(({ at: [x, y] }) => (y - here[1] || x - here[0]) > 0);
  const before = read.findLastIndex(({ at: [x, y] }) => (y - here[1] || x - here[0]) < 0);
  return read.at(on ? Math.max(after, 0) : before)!.end;
}
