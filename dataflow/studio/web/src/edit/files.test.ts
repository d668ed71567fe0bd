import { beforeEach, expect, test, vi } from "vitest";
import { get, set } from "../store";
import { chain } from "../testing/document";
import { useEditing } from "./state";

const asked = vi.hoisted(() => vi.fn());
vi.mock("../connection", async (original) => ({ ...(await original<object>()), ask: asked }));
const { guardLeaving, save } = await import("./files");
const { Refused } = await import("../connection");

const refusal = { message: "got a file that has changed", hint: "", problems: [] };
const changed = { event: "disk", path: "a.yaml", state: "changed", diff: "" } as const;

beforeEach(() => {
  asked.mockReset().mockResolvedValue(null);
  useEditing.setState({ question: null });
  set({ document: chain({ saved: false, readonly: "" }), disk: null });
});

test("what is saved is not saved again", async () => {
  set({ document: chain({ saved: true }) });
  await save();
  expect(asked).not.toHaveBeenCalled();
});

test("a file that another program has changed is asked about, and written over only when told", async () => {
  set({ disk: changed });
  asked.mockRejectedValueOnce(new Refused(refusal));
  await save();
  const choices = useEditing.getState().question!.choices;
  expect(choices.map(({ title }) => title)).toEqual(["Save over it", "Take what is on the disk"]);
  expect(asked.mock.calls).toEqual([["save", {}]]);
  await choices[0]!.run();
  expect(asked).toHaveBeenLastCalledWith("save", { overwrite: true });
  expect(get().disk).toBeNull();
});

test("a save that is refused for another reason is told as it is", async () => {
  asked.mockRejectedValueOnce(new Refused(refusal));
  await expect(save()).rejects.toThrow("got a file that has changed");
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
