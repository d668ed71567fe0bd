import { expect, test } from "vitest";
import type { Picture } from "../protocol";
import { cellAt, colours, decoded, layout, valueAt } from "./heat";

const picture = (rows: number, columns: number, tiles: number, bytes: number[] = []): Picture => ({
  rows, columns, tiles, low: -1, high: 1, data: btoa(String.fromCharCode(...bytes)), labels: [], dims: [],
});

test("one tile is as large as the room lets it be, its cells whole pixels", () => {
  expect(layout(picture(8, 8, 1), 280, 200)).toMatchObject({ cell: 24, width: 192, height: 192 });
  expect(layout(picture(28, 28, 1), 280, 200)).toMatchObject({ cell: 7 });
});

test("a matrix wider than the room is made smaller", () => {
  const made = layout(picture(10, 784, 1), 280, 200);
  expect(made.width).toBeCloseTo(280);
  expect(made.cell).toBeLessThan(1);
});

test("tiles fill the width, and very many go on downwards", () => {
  for (const tiles of [2, 7, 32, 64, 256]) {
    const made = layout(picture(8, 8, tiles), 280, 200);
    expect(made.width).toBeLessThanOrEqual(280);
    expect(made.cell).toBeGreaterThanOrEqual(1);
    expect(made.across * Math.ceil(tiles / made.across)).toBeGreaterThanOrEqual(tiles);
  }
});

test("the element under a pixel is the one drawn there", () => {
  const shown = picture(3, 4, 5);
  const made = layout(shown, 280, 60);
  for (let tile = 0; tile < 5; tile += 1) {
    const left = (tile % made.across) * (made.tileWidth + made.gap);
    const top = Math.floor(tile / made.across) * (made.tileHeight + made.gap);
    expect(cellAt(shown, made, left + 2.5 * made.cell, top + 1.5 * made.cell)).toEqual({ tile, row: 1, column: 2 });
    expect(cellAt(shown, made, left + made.tileWidth + 1, top)).toBeNull();
  }
});

test("bytes are values between the ends, tile after tile", () => {
  const shown = picture(1, 2, 2, [0, 255, 51, 204]);
  const bytes = decoded(shown.data);
  expect(valueAt(shown, bytes, { tile: 0, row: 0, column: 1 })).toBe(1);
  expect(valueAt(shown, bytes, { tile: 1, row: 0, column: 0 })).toBeCloseTo(-0.6);
});

test("colours about zero are as pale on both sides, whatever the ends", () => {
  const made = colours(-1, 3);
  const zero = made[64]!; // -1 + 4 * 64 / 255 is 0.004
  expect(Math.min(...zero)).toBeGreaterThan(235);
  expect(made[255]![0]).toBeGreaterThan(made[255]![2]); // red above
  expect(made[0]![2]).toBeGreaterThan(made[0]![0]); // blue below
});
