import { expect, test } from "vitest";
import { Float, json } from "./json";

test("a whole float keeps its point", () => {
  expect(json({ a: [new Float(1), 1, 0.5], b: new Float(-0), c: 1e21, d: new Float(1e3) })).toBe(
    '{"a":[1.0,1,0.5],"b":-0.0,"c":1e+21,"d":1000.0}',
  );
});

test("all else is as it was", () => {
  const given = { text: 'float 1.0 "', list: [null, true], nested: { x: -1.5 } };
  expect(json(given)).toBe(JSON.stringify(given));
});
