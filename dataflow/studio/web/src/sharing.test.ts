import { expect, test } from "vitest";
import { shared } from "./sharing";

test("what is equal is the same object, whatever stands beside it", () => {
  const before = { a: { x: 1 }, b: [1, 2], c: { y: null } };
  const after = shared(before, { a: { x: 1 }, b: [1, 3], c: { y: null } });
  expect(after).toEqual({ a: { x: 1 }, b: [1, 3], c: { y: null } });
  expect(after.a).toBe(before.a);
  expect(after.c).toBe(before.c);
  expect(after).not.toBe(before);
  expect(shared(before, structuredClone(before))).toBe(before);
});

test("members with an id are matched by it, so that one put in front leaves the others", () => {
  const before = [{ id: "a", at: 1 }, { id: "b", at: 2 }];
  const after = shared(before, [{ id: "c", at: 0 }, { id: "a", at: 1 }, { id: "b", at: 3 }]);
  expect(after[1]).toBe(before[0]);
  expect(after[2]).not.toBe(before[1]);
  expect(after.map(({ id }) => id)).toEqual(["c", "a", "b"]);
});

test("a member that is gone or undefined is not taken for an equal one", () => {
  expect(shared({ a: 1, b: undefined }, { a: 1 })).toEqual({ a: 1 });
  expect("b" in (shared({ a: 1, b: undefined }, { a: 1 }) as object)).toBe(false);
  expect(shared([1, 2], [1])).toEqual([1]);
  expect("b" in (shared({ a: 1, c: 2 }, { a: 1, b: undefined } as object) as object)).toBe(true);
});
