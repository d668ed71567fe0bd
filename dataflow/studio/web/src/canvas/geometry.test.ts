import { expect, test } from "vitest";
import { chain } from "../testing/document";
import { around, curve, dot, extent, fitting, holds, pathBox, seen } from "./geometry";

test("what fits a window fills it but for its margin, and what is seen of it is all", () => {
  const rect = { x: 100, y: -50, width: 1000, height: 400 };
  const viewport = fitting(rect, 840, 600, 20, 0.05, 2);
  expect(viewport.zoom).toBeCloseTo(0.8);
  const shown = seen(viewport, 840, 600);
  expect(holds(shown, rect)).toBe(true);
  expect(shown.width).toBeCloseTo(1050);
  expect(fitting(rect, 840, 600, 20, 0.05, 0.5).zoom).toBe(0.5);
});

test("the box of a path holds its points, of relative lines along an axis too", () => {
  expect(pathBox("M10 20H50C60 20 60 80 70 80V90L65.5 100Q1 2 3 4")).toEqual({ x: 1, y: 2, width: 69, height: 98 });
  expect(pathBox("M5 5A10 10 0 0 1 25 -3")).toEqual({ x: 5, y: -3, width: 20, height: 8 });
  expect(pathBox("M-1.5-2L1e1,3")).toEqual({ x: -1.5, y: -2, width: 11.5, height: 5 });
});

test("the extent of a scene holds frames, and cards that were dragged out of them", () => {
  const { scene } = chain();
  expect(extent(scene)).toEqual({ x: -16, y: -16, width: 950, height: 330 });
  const away = { ...scene.cards[0]!, x: -500 };
  expect(extent({ ...scene, cards: [away] })).toMatchObject({ x: -500, width: 1434 });
  expect(around([])).toEqual({ x: 0, y: 0, width: 0, height: 0 });
});

test("a dot moves with its card", () => {
  const conv = chain().scene.cards[1]!;
  expect(dot(conv, { port: "scale", side: "left" })).toEqual([250, 77.5]);
  expect(dot(conv, { port: "output", side: "right" }, [0, 100])).toEqual([160, 156.5]);
  expect(dot(conv, { port: "nothing", side: "left" })).toBeNull();
});

test("a simple curve leaves and arrives in the direction of the picture", () => {
  expect(curve([0, 0], [200, 50], false)).toBe("M0 0C100 0 100 50 200 50");
  expect(curve([0, 0], [50, 200], true)).toBe("M0 0C0 100 50 100 50 200");
});
