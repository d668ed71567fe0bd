/** Where in the file a block goes that was asked for at a place of the picture. */
import type { Card, Frame, Scene } from "../../protocol";

export interface Place {
  before?: string;
  after?: string;
}

const node = (card: Card) => card.kind === "node" || card.kind === "graph";

/**
 * Behind the card to the left of the place, in the frame around it, so that it comes to stand there; at the beginning
 * of the frame where there is none; behind the nearest card where no frame is around the place.
 */
export function placeAt(scene: Scene, [x, y]: [number, number]): Place {
  const frame = scene.frames.find((each) => inside(each, x, y));
  const cards = scene.cards.filter((card) => node(card) && (frame === undefined || card.frame === frame.id));
  const lefts = frame === undefined ? cards : cards.filter((card) => card.x + card.width / 2 <= x);
  const nearest = least(lefts, (card) => distance(card, x, y));
  if (nearest !== undefined) return { after: nearest.id };
  const first = least(cards, (card) => card.x);
  return first === undefined ? {} : { before: first.id };
}

function inside(frame: Frame, x: number, y: number): boolean {
  return x >= frame.x && x <= frame.x + frame.width && y >= frame.y && y <= frame.y + frame.height;
}

/** From a place to the nearest of a card. */
function distance(card: Card, x: number, y: number): number {
  const across = Math.max(card.x - x, 0, x - card.x - card.width);
  const down = Math.max(card.y - y, 0, y - card.y - card.height);
  return Math.hypot(across, down);
}

function least<T>(all: T[], measure: (each: T) => number): T | undefined {
  return all.reduce<T | undefined>((best, each) => (best === undefined || measure(each) < measure(best) ? each : best), undefined);
}
