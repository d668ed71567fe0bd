import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { expect, test, vi } from "vitest";
import { complete } from "./completion";

let asked: unknown;
vi.mock("../connection", () => ({
  ask: async (_: string, given: { text: string; offset: number }) => {
    asked = given;
    const from = given.text.indexOf("lo");
    return [
      { label: "logits", detail: "", insert: "logits", from },
      { label: "loss", detail: "", insert: "loss", from },
    ];
  },
}));

const at = (text: string, explicit = false) => complete(new CompletionContext(EditorState.create({ doc: text }), text.length, explicit));

test("a word that is begun is completed, one that is whole is not unless it is asked for", async () => {
  const begun = await at("minimize: lo");
  expect(begun?.options.map(({ label }) => label)).toEqual(["logits", "loss"]);
  expect(begun?.from).toBe(10);
  expect(await at("minimize: loss")).toBeNull();
  expect((await at("minimize: loss", true))?.options).toHaveLength(2);
});

test("a list that is open is closed by a word that is whole", async () => {
  const { validFor } = (await at("minimize: lo"))!;
  const valid = validFor as (text: string) => boolean;
  expect(["l", "log", "loss", "lo ss"].map((text) => valid(text))).toEqual([true, true, false, false]);
});

test("places are counted as the page counts them, also behind a letter of two units", async () => {
  const text = "doc: 😀\nminimize: lo";
  const found = await at(text);
  expect(asked).toEqual({ text, offset: text.length });
  expect(found?.from).toBe(text.length - 2);
});

test("a bracket that is opened is answered at once, words stay in the order of the server", async () => {
  expect((await at("x: {"))?.options.map(({ boost }) => boost)).toEqual([-0, -1]);
  expect(await at("x: [")).not.toBeNull();
  expect(await at("x ")).toBeNull();
});
