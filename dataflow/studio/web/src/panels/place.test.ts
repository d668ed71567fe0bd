import { expect, test } from "vitest";
import { beside, titleOf } from "./place";

const card = { x: 100, y: 100, width: 200, height: 60 };
const size = { width: 160, height: 50 };

test("a box stands below its card where that is free", () => {
  expect(beside(card, size, [card])).toMatchObject({ x: 140, y: 166 });
});

test("a box stands above its card where another is below, and beside it where both are taken", () => {
  const below = { x: 100, y: 180, width: 200, height: 60 };
  expect(beside(card, size, [card, below])).toMatchObject({ x: 140, y: 44 });
  const above = { x: 100, y: 20, width: 200, height: 60 };
  expect(beside(card, size, [card, below, above])).toMatchObject({ x: 306, y: 100 });
});

test("a box goes further away where all is taken near the card", () => {
  const near = [-1, 0, 1].flatMap((i) => [-1, 0, 1].map((j) => ({ x: 100 + i * 206, y: 100 + j * 90, width: 200, height: 70 })));
  expect(beside(card, size, near)).toMatchObject({ x: 140, y: -46 }); // above, as below takes a step more
});

test("a box does not stand over the title of a frame", () => {
  const frame = { id: "frame1", title: "The next layer", x: 90, y: 165, width: 300, height: 200 };
  expect(beside(card, size, [card, titleOf(frame)])).toMatchObject({ x: 140, y: 44 });
  expect(beside(card, size, [card, titleOf({ ...frame, title: "" })])).toMatchObject({ x: 140, y: 166 });
});

test("with no free place it covers as little as can be", () => {
  const near = [-3, -2, -1, 0, 1, 2, 3];
  const all = near.flatMap((i) => near.map((j) => ({ x: 100 + i * 206, y: 100 + j * 90, width: 200, height: 70 })));
  const made = beside(card, size, all.filter((other) => other.x !== card.x || other.y !== card.y));
  expect(made.y).toBe(166); // in the gap of 20 below, over the rest of what stands there
});
