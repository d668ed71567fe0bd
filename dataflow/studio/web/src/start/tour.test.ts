import { expect, test } from "vitest";
import { placed, STEPS } from "./tour";

const box = (left: number, top: number, width: number, height: number) => new DOMRect(left, top, width, height);

test("there are five steps", () => {
  expect(STEPS).toHaveLength(5);
});

test.each([
  ["below a button of the top bar", box(100, 8, 60, 30), [8, 52]],
  ["above what stands at the lower edge", box(600, 760, 60, 30), [480, 546]],
  ["in the middle of what fills the page", box(0, 46, 1280, 728), [490, 310]],
  ["in the page's middle where there is nothing", null, [490, 300]],
])("the box stands %s", (_, target, wanted) => {
  expect(placed(target, 300, 200, 1280, 800)).toEqual(wanted);
});

test("the box stays within the page", () => {
  const [x] = placed(box(1270, 8, 10, 30), 300, 200, 1280, 800);
  expect(x + 300).toBeLessThanOrEqual(1280);
});
