import { beforeEach, expect, test } from "vitest";
import { get, hear, set } from "./store";
import { chain } from "./testing/document";

beforeEach(() => set({ document: null, notices: [], selected: [] }));

test("a run that failed says why, wherever its node is", () => {
  const problem = { message: "no file 'x.npz'", hint: "make it", path: "", line: 0, column: 0, node: "", port: "" };
  hear([{ event: "ended", number: 1, state: "failed", problem, seconds: 0 }]);
  expect(get().notices.map(({ level, message, hint }) => [level, message, hint])).toEqual([["refused", "no file 'x.npz'", "make it"]]);
  hear([{ event: "ended", number: 2, state: "done", problem: null, seconds: 0 }]);
  expect(get().notices).toHaveLength(1);
});

test("what is selected stays so while it is there, and nothing of another file is", () => {
  hear([{ event: "document", document: chain() }]);
  set({ selected: ["conv", "relu"] });
  const less = chain({ version: 2 });
  less.scene.cards = less.scene.cards.filter(({ id }) => id !== "relu");
  hear([{ event: "document", document: less }]);
  expect(get().selected).toEqual(["conv"]);
  hear([{ event: "document", document: chain({ path: "other.yaml" }) }]);
  expect(get().selected).toEqual([]);
});
