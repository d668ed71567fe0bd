/**
 * Which ports a wire can go to, as far as the page can tell while it is drawn: dtypes, ranks, cycles, and ports that are taken.
 * Sizes, and all else, are for the server, which checks the edit.
 */
import type { BlockInfo, Card, Document } from "../protocol";
import type { Point } from "./geometry";
import { descendants, fed, typeAt } from "./scene";
import { key, type End } from "./state";

type Known = Pick<Document, "scene" | "nodes">;

export const TAKEN = "is taken";

const dtypeOf = (type: string): string => type.split("[", 1)[0]!;

/** For each port on the other side why the wire cannot go there, or "" where it can. */
export function verdicts(known: Known, blocks: readonly BlockInfo[], from: End, replaced: End | null): Map<string, string> {
  const byName = new Map(blocks.flatMap((block) => [block.name, ...block.aliases].map((name) => [name, block])));
  const found = new Map<string, string>();
  const after = descendants(known.nodes, from.card);
  const reaches = new Map<string, boolean>();
  const before = (card: string): boolean => {
    // whether `from` depends on that card
    let known_ = reaches.get(card);
    if (known_ === undefined) reaches.set(card, (known_ = descendants(known.nodes, card).has(from.card)));
    return known_;
  };
  for (const card of known.scene.cards) {
    const side = from.side === "right" ? "left" : "right";
    for (const port of side === "left" ? card.lefts : card.rights) {
      const end: End = { card: card.id, port: port.name, side };
      const cycle = card.id === from.card || (from.side === "right" ? before(card.id) : after.has(card.id));
      const [source, target] = from.side === "right" ? [from, end] : [end, from];
      found.set(
        key(end),
        cycle
          ? `${target.card} would depend on itself`
          : (wrongType(known, byName, source, target) ?? taken(known, byName, target, replaced) ?? ""),
      );
    }
  }
  return found;
}

function wrongType(known: Known, blocks: Map<string, BlockInfo>, source: End, target: End): string | null {
  const type = typeAt(known, source);
  const dtype = dtypeOf(type);
  const port = inputOf(known, blocks, target);
  if (dtype === "" || port === undefined) return null;
  const told = (takes: string, gives: string) => `${target.card}.${target.port} takes ${takes}; ${source.card} gives ${gives}`;
  if (port.dtypes.length > 0 && !port.dtypes.includes(dtype))
    return told(port.dtypes.slice(0, 4).join(", ") + (port.dtypes.length > 4 ? ", …" : ""), dtype);
  const [wanted, given] = [rank(port.type), rank(type)];
  return wanted === null || given === null || wanted === given ? null : told(`rank ${wanted}`, type);
}

/** The rank of a type: 2 of "float32[N, 8]"; null where it is not known. */
function rank(type: string): number | null {
  const dims = /\[(.*)\]/.exec(type)?.[1];
  return dims === undefined || dims === "..." ? null : dims === "" ? 0 : dims.split(",").length;
}

function taken(known: Known, blocks: Map<string, BlockInfo>, target: End, replaced: End | null): string | null {
  if (replaced !== null && key(replaced) === key(target)) return null;
  const port = fed(known, target);
  if (port === undefined || port.wire === "" || inputOf(known, blocks, target)?.many === true) return null;
  return `${target.card}.${target.port} ${TAKEN} by ${port.wire}`;
}

function inputOf(known: Known, blocks: Map<string, BlockInfo>, { card, port }: End): BlockInfo["inputs"][number] | undefined {
  const inputs = blocks.get(known.nodes[card]?.block ?? "")?.inputs;
  return inputs?.find(({ name, many }) => name === port || (many && port.replace(/[[.]?\d+\]?$/, "") === name));
}

/** The port nearest to a place among those that are sought, within a distance; on a card, the nearest of its ports. */
export function nearest(cards: readonly Card[], side: "left" | "right", [x, y]: Point, within: number): End | null {
  let best: End | null = null;
  let least = within;
  for (const card of cards) {
    const inside = x >= card.x && x <= card.x + card.width && y >= card.y && y <= card.y + card.height;
    for (const port of side === "left" ? card.lefts : card.rights) {
      const away = Math.hypot(card.x + port.x - x, card.y + port.y - y);
      const counted = inside ? Math.min(away, Math.abs(card.y + port.row - y) / 4) : away;
      if (counted < least) {
        least = counted;
        best = { card: card.id, port: port.name, side };
      }
    }
  }
  return best;
}

/** The next port in a direction: the nearest whose bearing is within 45 degrees, else the nearest on that side. */
export function toward(ends: readonly { end: End; at: Point }[], [x, y]: Point, direction: Point): End | null {
  let best: End | null = null;
  let least = Infinity;
  for (const { end, at } of ends) {
    const [dx, dy] = [at[0] - x, at[1] - y];
    const along = dx * direction[0] + dy * direction[1];
    const aside = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
    if (along < 0.5) continue;
    const counted = along + 2.5 * aside;
    if (counted < least) {
      least = counted;
      best = end;
    }
  }
  return best;
}
