/** Where things are in the scene. */
import type { Card, Scene, Wire } from "../protocol";
import type { End } from "./state";

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Point = [x: number, y: number];

export interface Viewport {
  x: number;
  y: number;
  zoom: number;
}

export const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

export const holds = (outer: Rect, inner: Rect): boolean =>
  outer.x <= inner.x &&
  outer.y <= inner.y &&
  outer.x + outer.width >= inner.x + inner.width &&
  outer.y + outer.height >= inner.y + inner.height;

export const grown = ({ x, y, width, height }: Rect, by: number): Rect => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
});

/** The part of the scene that a window of that size shows. */
export const seen = ({ x, y, zoom }: Viewport, width: number, height: number): Rect => ({
  x: -x / zoom,
  y: -y / zoom,
  width: width / zoom,
  height: height / zoom,
});

/** The viewport in which a rectangle fills a window, as far as zoom stays within `least` and `most`. */
export function fitting(rect: Rect, width: number, height: number, margin: number, least: number, most: number): Viewport {
  const wanted = Math.min((width - 2 * margin) / Math.max(rect.width, 1), (height - 2 * margin) / Math.max(rect.height, 1));
  const zoom = Math.max(least, Math.min(most, wanted));
  return {
    x: (width - rect.width * zoom) / 2 - rect.x * zoom,
    y: (height - rect.height * zoom) / 2 - rect.y * zoom,
    zoom,
  };
}

/** What holds all of them; nothing at the origin where there are none. */
export function around(rects: Iterable<Rect>): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, width, height } of rects) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return left === Infinity ? { x: 0, y: 0, width: 0, height: 0 } : { x: left, y: top, width: right - left, height: bottom - top };
}

/** All that the scene draws, also cards that were dragged out of their frames, and wires between these. */
export const extent = ({ frames, cards, wires }: Scene): Rect => around([...frames, ...cards, ...wires.map(wireBox)]);

const boxes = new WeakMap<Wire, Rect>();

/** What a wire stays within. */
export function wireBox(wire: Wire): Rect {
  let box = boxes.get(wire);
  if (box === undefined) boxes.set(wire, (box = pathBox(wire.path)));
  return box;
}

/** Where the dot of a port is; the card may have been moved. */
export function dot(card: Card, { port, side }: Pick<End, "port" | "side">, moved?: Point): Point | null {
  const found = (side === "right" ? card.rights : card.lefts).find(({ name }) => name === port);
  if (found === undefined) return null;
  const [x, y] = moved ?? [card.x, card.y];
  return [x + found.x, y + found.y];
}

/** A simple curve between ports, where none was laid out. */
export function curve([x0, y0]: Point, [x1, y1]: Point, down: boolean): string {
  const bend = Math.max(24, Math.min(160, (down ? Math.abs(y1 - y0) : Math.abs(x1 - x0)) / 2));
  return down
    ? `M${x0} ${y0}C${x0} ${y0 + bend} ${x1} ${y1 - bend} ${x1} ${y1}`
    : `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
}

/** What a path of absolute M, L, H, V, C and Q commands stays within: the box of its points. */
export function pathBox(path: string): Rect {
  const points: Rect[] = [];
  let [x, y] = [0, 0];
  for (const [, command, rest] of path.matchAll(/([MLHVCQSTA])([^MLHVCQSTA]*)/g)) {
    const numbers = (rest!.match(/-?\d*\.?\d+(?:e-?\d+)?/g) ?? []).map(Number);
    if (command === "H") for (const number of numbers) points.push({ x: (x = number), y, width: 0, height: 0 });
    else if (command === "V") for (const number of numbers) points.push({ x, y: (y = number), width: 0, height: 0 });
    else
      for (let i = command === "A" ? 5 : 0; i + 1 < numbers.length; i += command === "A" ? 7 : 2)
        points.push({ x: (x = numbers[i]!), y: (y = numbers[i + 1]!), width: 0, height: 0 });
  }
  return around(points);
}
