import { expect, test } from "vitest";
import { beside, piecesOf, titleOf } from "./place";

const card = { x: 100, y: 100, width: 200, height: 60 };
const size = { width: 160, height: 50 };
const picture = { x: -1000, y: -1000, width: 3000, height: 3000 };

test("a box stands below its card where that is free", () => {
  expect(beside(card, size, [card], picture)).toMatchObject({ x: 140, y: 166 });
});

test("a box stands above its card where another is below, and beside it where both are taken", () => {
  const below = { x: 100, y: 180, width: 200, height: 60 };
  expect(beside(card, size, [card, below], picture)).toMatchObject({ x: 140, y: 44 });
  const above = { x: 100, y: 20, width: 200, height: 60 };
  expect(beside(card, size, [card, below, above], picture)).toMatchObject({ x: 306, y: 100 });
});

test("a box goes further away where all is taken near the card", () => {
  const near = [-1, 0, 1].flatMap((i) => [-1, 0, 1].map((j) => ({ x: 100 + i * 206, y: 100 + j * 90, width: 200, height: 70 })));
  expect(beside(card, size, near, picture)).toMatchObject({ x: 140, y: -46 }); // above, as below takes a step more
});

test("a box does not stand over the title of a frame", () => {
  const frame = { id: "frame1", title: "The next layer", x: 90, y: 165, width: 300, height: 200 };
  expect(beside(card, size, [card, titleOf(frame)], picture)).toMatchObject({ x: 140, y: 44 });
  expect(beside(card, size, [card, titleOf({ ...frame, title: "" })], picture)).toMatchObject({ x: 140, y: 166 });
});

test("a box does not cover a wire where there is another place as near", () => {
  const wire = { id: "", source: ["", ""], target: ["", ""], family: "float", gradient: false, path: "M0 190L150 190C200 190 200 300 250 300" } as const;
  expect(piecesOf(wire as never)).toMatchObject([{ x: 0, y: 190, width: 154, height: 4 }, { x: 150, width: 54 }, { x: 200, y: 190, height: 114 }, { y: 300 }]);
  expect(beside(card, size, [card, ...piecesOf(wire as never)], picture)).toMatchObject({ x: 140, y: 44 });
});

test("a box stands in the picture, where it is in sight, rather than beyond it", () => {
  const whole = { x: 0, y: 60, width: 600, height: 100 };
  expect(beside(card, size, [card], whole)).toMatchObject({ x: 306, y: 100 });
  expect(beside(card, size, [card, { x: 310, y: 60, width: 290, height: 100 }], whole)).toMatchObject({ x: 140, y: 44 }); // above, as part of it is in the picture
});

test("with no free place it covers as little as can be", () => {
  const near = Array.from({ length: 17 }, (_, i) => i - 8);
  const all = near.flatMap((i) => near.map((j) => ({ x: 100 + i * 206, y: 100 + j * 90, width: 200, height: 70 })));
  const made = beside(card, size, all.filter((other) => other.x !== card.x || other.y !== card.y), picture);
  expect(made.y).toBe(166); // in the gap of 20 below, over the rest of what stands there
});
