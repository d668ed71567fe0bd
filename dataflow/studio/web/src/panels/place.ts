/** Where a box stands beside a card, over as little as can be. */
import type { Frame, Wire } from "../protocol";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where the title of a frame is, in letters of the size that they have in a picture that is small. */
export const titleOf = ({ x, y, width, title }: Frame): Box => ({ x, y, width: Math.min(width, title.length * 12), height: 28 });

const GAPS = [6, 26, 46, 66, 96, 126, 166, 206, 256, 316, 396]; // from the card, the nearest that is free
const OUTSIDE = 1 / 4; // of what is over others, what is beyond the picture costs: it may be out of sight
const LINE = 4; // pixels, as wide as which a wire is not to be covered

/** The pieces of a wire, of which curves are taken along their points. */
export function piecesOf({ path }: Wire): Box[] {
  const at = path.match(/-?[\d.]+/g)!.map(Number);
  return at.slice(2).flatMap((_, i) => {
    if (i % 2 > 0) return [];
    const [x, y] = [Math.min(at[i]!, at[i + 2]!), Math.min(at[i + 1]!, at[i + 3]!)];
    return [{ x, y, width: Math.abs(at[i]! - at[i + 2]!) + LINE, height: Math.abs(at[i + 1]! - at[i + 3]!) + LINE }];
  });
}

/** Below the card, above it, or beside it: where it is free, in the picture and near. */
export function beside(card: Box, size: Pick<Box, "width" | "height">, others: readonly Box[], picture: Box): Box {
  const [right, bottom] = [card.x + card.width, card.y + card.height];
  const [flush, level] = [right - size.width, bottom - size.height];
  const places = GAPS.flatMap((gap) => {
    const [below, above, behind, before] = [bottom + gap, card.y - size.height - gap, right + gap, card.x - size.width - gap];
    const across = [card.y, level, below, above].flatMap((y) => [[behind, y], [before, y]]);
    return [[flush, below], [card.x, below], [flush, above], [card.x, above], ...across];
  }).map(([x, y], i) => {
    const box = { x: x!, y: y!, ...size };
    const outside = OUTSIDE * (size.width * size.height - overlap(box, picture));
    return { box, cost: others.reduce((sum, other) => sum + overlap(box, other), outside + GAPS[Math.floor(i / 12)]!) };
  });
  return places.reduce((best, place) => (place.cost < best.cost ? place : best)).box;
}

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) *
  Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));
