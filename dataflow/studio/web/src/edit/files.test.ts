import { beforeEach, expect, test, vi } from "vitest";
import { get, set } from "../store";
import { chain } from "../testing/document";
import { useEditing } from "./state";

const asked = vi.hoisted(() => vi.fn());
vi.mock("../connection", async (original) => ({ ...(await original<object>()), ask: asked }));
const { guardLeaving, save } = await import("./files");
const { Refused } = await import("../connection");

const changed = (path: string) => ({ event: "disk", path, state: "changed", diff: "" }) as const;

beforeEach(() => {
  asked.mockReset().mockResolvedValue([]);
  useEditing.setState({ question: null });
  set({ document: chain({ saved: false, readonly: "" }), disk: [] });
});

test("what seems saved is saved too, as an edit may not be answered yet; what cannot be edited is not", async () => {
  set({ document: chain({ saved: true, readonly: "comes with the package" }) });
  await save();
  expect(asked).not.toHaveBeenCalled();
  set({ document: chain({ saved: true, readonly: "" }) });
  await save();
  expect(asked.mock.calls).toEqual([["save", { overwrite: [] }]]);
});

test("files that another program has changed are asked about one by one, and written over only when told", async () => {
  set({ disk: [changed("a.yaml"), changed("b.yaml")] });
  asked.mockResolvedValueOnce([{ path: "a.yaml", state: "changed" }]);
  await save();
  const first = useEditing.getState().question!;
  expect(first.title).toBe("a.yaml was changed on the disk");
  expect(first.message).toContain("Nothing is saved yet");
  expect(first.choices.map(({ title }) => title)).toEqual(["Save over it", "Take what is on the disk"]);
  expect(asked.mock.calls).toEqual([["save", { overwrite: [] }]]);
  asked.mockResolvedValueOnce([{ path: "b.yaml", state: "changed" }]);
  await first.choices[0]!.run();
  expect(asked).toHaveBeenLastCalledWith("save", { overwrite: ["a.yaml"] });
  expect(get().disk).toEqual([changed("b.yaml")]);
  const second = useEditing.getState().question!;
  expect(second.title).toBe("b.yaml was changed on the disk");
  await second.choices[1]!.run();
  expect(asked.mock.calls.slice(2)).toEqual([["reload", { path: "b.yaml" }], ["save", { overwrite: [] }]]);
  expect(get().disk).toEqual([]);
});

test("a file that was deleted is written again when told", async () => {
  asked.mockResolvedValueOnce([{ path: "a.yaml", state: "deleted" }]);
  await save();
  const { title, choices } = useEditing.getState().question!;
  expect([title, ...choices.map((each) => each.title)]).toEqual(["a.yaml was deleted from the disk", "Save it again"]);
});

test("a save that is refused is told as it is", async () => {
  asked.mockRejectedValueOnce(new Refused({ message: "no space left on device", hint: "", problems: [] }));
  await expect(save()).rejects.toThrow("no space left on device");
  expect(useEditing.getState().question).toBeNull();
});

test("the page is not left without a question while something is not saved", () => {
  const leave = () => {
    const event = new Event("beforeunload", { cancelable: true });
    window.dispatchEvent(event);
    return event.defaultPrevented;
  };
  const stop = guardLeaving();
  expect(leave()).toBe(true);
  set({ document: chain({ saved: true, readonly: "" }) });
  expect(leave()).toBe(false);
  set({ document: chain({ saved: false, readonly: "of a node, it comes with the package" }) });
  expect(leave()).toBe(true);
  stop();
});
