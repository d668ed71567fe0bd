import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, test } from "vitest";
import { useDraft, type Draft } from "./draft";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

test("a text that is taken by Enter is not taken again when the field is left before the answer", async () => {
  let draft!: Draft;
  let answer = () => {};
  const taken: string[] = [];
  function Probe() {
    draft = useDraft("1", (text) => {
      taken.push(text);
      return new Promise<void>((resolve) => (answer = resolve));
    });
    return null;
  }
  const root = createRoot(document.createElement("div"));
  act(() => root.render(<Probe />));
  act(() => draft.type("2"));
  await act(async () => {
    void draft.take();
    void draft.take();
  });
  expect(taken).toEqual(["2"]);
  await act(async () => answer());
  await act(async () => void draft.take()); // the server has not changed the value: it is asked again
  expect(taken).toEqual(["2", "2"]);
  act(() => root.unmount());
});
