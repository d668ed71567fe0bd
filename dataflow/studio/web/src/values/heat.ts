/** Heat maps: where tiles lie, which element is under a pixel, and the colours of values. */
import type { Picture } from "../protocol";

export interface Layout {
  across: number; // tiles in a line of them
  cell: number; // pixels of an element, less than 1 where a tile is wider than the room
  gap: number;
  tileWidth: number;
  tileHeight: number;
  width: number;
  height: number;
}

/** The largest cells, at most 24 pixels, with which all tiles fit; very many tiles go on downwards. */
export function layout({ rows, columns, tiles }: Picture, width: number, height: number): Layout {
  let best: Layout | null = null;
  for (let across = 1; across <= tiles; across += 1) {
    const gap = tiles > 1 ? 3 : 0;
    const down = Math.ceil(tiles / across);
    const wide = (width - gap * (across - 1)) / (across * columns);
    const tall = (height - gap * (down - 1)) / (down * rows);
    const free = Math.min(24, wide, tiles > 1 ? Math.max(tall, Math.min(wide, 2)) : tall);
    if (free <= 0) break;
    const cell = free >= 1 ? Math.floor(free) : free;
    if (best !== null && cell <= best.cell) continue;
    const [tileWidth, tileHeight] = [Math.max(1, columns * cell), Math.max(1, rows * cell)];
    best = {
      across, cell, gap, tileWidth, tileHeight,
      width: across * (tileWidth + gap) - gap,
      height: down * (tileHeight + gap) - gap,
    };
  }
  return best ?? { across: 1, cell: 1, gap: 3, tileWidth: columns, tileHeight: rows, width: columns, height: tiles * (rows + 3) };
}

export interface Cell {
  tile: number;
  row: number;
  column: number;
}

/** The element under a pixel; null between tiles and beyond them. */
export function cellAt(picture: Picture, made: Layout, x: number, y: number): Cell | null {
  const [i, j] = [Math.floor(x / (made.tileWidth + made.gap)), Math.floor(y / (made.tileHeight + made.gap))];
  const tile = j * made.across + i;
  const column = Math.floor((x - i * (made.tileWidth + made.gap)) / made.cell);
  const row = Math.floor((y - j * (made.tileHeight + made.gap)) / made.cell);
  const within = i >= 0 && j >= 0 && i < made.across && tile < picture.tiles;
  return within && column < picture.columns && row < picture.rows ? { tile, row, column } : null;
}

/** The value of an element, to 1 part in 255 of the range shown. */
export function valueAt(picture: Picture, bytes: Uint8Array, { tile, row, column }: Cell): number {
  const byte = bytes[(tile * picture.rows + row) * picture.columns + column] ?? 0;
  return picture.low + ((picture.high - picture.low) * byte) / 255;
}

type Colour = [red: number, green: number, blue: number];
const RISING: Colour[] = [[16, 22, 52], [44, 68, 144], [36, 132, 146], [104, 190, 104], [250, 232, 96]];
const ABOUT_ZERO: Colour[] = [[32, 84, 188], [118, 166, 226], [246, 246, 244], [236, 150, 112], [184, 44, 40]];

/** 256 colours from `low` to `high`: dark to light, or where zero lies within blue below it and red above. */
export function colours(low: number, high: number): Colour[] {
  const most = Math.max(-low, high);
  return Array.from({ length: 256 }, (_, byte) => {
    if (low >= 0 || high <= 0) return mixed(RISING, byte / 255);
    return mixed(ABOUT_ZERO, 0.5 + (low + ((high - low) * byte) / 255) / (2 * most));
  });
}

function mixed(stops: Colour[], part: number): Colour {
  const at = Math.min(1, Math.max(0, part)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const [from, to] = [stops[i]!, stops[i + 1]!];
  return from.map((start, k) => Math.round(start + (to[k]! - start) * (at - i))) as Colour;
}

export const decoded = (data: string): Uint8Array => Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
