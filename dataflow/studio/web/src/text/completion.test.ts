import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { expect, test, vi } from "vitest";
import { complete } from "./completion";

vi.mock("../connection", () => ({
  ask: async () => [
    { label: "logits", detail: "", insert: "logits", from: 10 },
    { label: "loss", detail: "", insert: "loss", from: 10 },
  ],
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
