/** Where a box stands beside a card, over as little as can be. */
import type { Frame } from "../protocol";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where the title of a frame is, in letters of the size that they have in a picture that is small. */
export const titleOf = ({ x, y, width, title }: Frame): Box => ({ x, y, width: Math.min(width, title.length * 12), height: 28 });

const GAPS = [6, 26, 46, 66, 96, 126, 166]; // from the card, the nearest that is free

/** Below the card, above it, or beside it: the first place that is free, else the one that covers least. */
export function beside(card: Box, size: Pick<Box, "width" | "height">, others: readonly Box[]): Box {
  const right = card.x + card.width - size.width;
  const places: Box[] = GAPS.flatMap((gap) => [
    [right, card.y + card.height + gap],
    [card.x, card.y + card.height + gap],
    [right, card.y - size.height - gap],
    [card.x, card.y - size.height - gap],
    [card.x + card.width + gap, card.y],
    [card.x - size.width - gap, card.y],
  ]).map(([x, y]) => ({ x: x!, y: y!, ...size }));
  return places.reduce((best, place) => (covered(place, others) < covered(best, others) ? place : best));
}

/** How much of other boxes a box lies over. */
const covered = (box: Box, others: readonly Box[]): number => others.reduce((sum, other) => sum + overlap(box, other), 0);

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) *
  Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));
