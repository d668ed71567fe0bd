import { beforeEach, expect, test, vi } from "vitest";
import type { Document } from "./protocol";
import { set } from "./store";
import { chain } from "./testing/document";

const asked = vi.hoisted(() => vi.fn());
vi.mock("./connection", async (original) => ({ ...(await original<object>()), ask: asked }));
const { again, edit } = await import("./changes");

/** The server: takes its time, and refuses what is made for another version; `undone` steps can be taken back. */
function server(undone: number) {
  let version = 1;
  const told = () => set({ document: chain({ version, undo: undone > 0 ? "a step" : "" } as Partial<Document>) });
  told();
  asked.mockReset().mockImplementation(async (what: string, given: { version: number; title: string }) => {
    await new Promise((answer) => setTimeout(answer, 5));
    if (given.version !== version || given.title === "wrong") throw new Error("refused");
    undone += what === "undo" ? -1 : 1;
    version += 1;
    told();
    return { version, names: [given.title] };
  });
}

beforeEach(() => server(0));

test("edits that are made before the answer to the last are made for what comes of it", async () => {
  expect(await Promise.all([edit("one"), edit("two"), edit("three")])).toEqual([["one"], ["two"], ["three"]]);
});

test("what is refused holds up nothing", async () => {
  const found = await Promise.allSettled([edit("one"), edit("wrong"), edit("two")]);
  expect(found.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("undo that is pressed once more than there are steps is no fault", async () => {
  server(2);
  await Promise.all([again("undo"), again("undo"), again("undo")]);
  expect(asked.mock.calls.map(([what]) => what)).toEqual(["undo", "undo"]);
});
