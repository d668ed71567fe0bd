import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { perform } from "../../commands";
import { get, hear, set } from "../../store";
import { click, find, leave, show } from "../../testing/page";
import { chain } from "../../testing/document";
import type { About } from "../../protocol";
import "../commands";
import { Notices } from "./Notices";

const asked = vi.hoisted(() => vi.fn(async () => null));
vi.mock("../../connection", async (original) => ({ ...(await original<object>()), ask: asked }));

const PROBLEM = { message: "no", hint: "", path: "g.yaml", line: 3, column: 5, node: "", port: "" };

beforeEach(() => {
  asked.mockClear();
  set({ notices: [], side: null, text: false, document: chain() });
});
afterEach(leave);

async function told(about?: About): Promise<void> {
  await leave();
  set({ notices: [] });
  hear([{ event: "said", level: "info", message: "Quantize g.yaml: done", about }]);
  await show(<Notices />);
}

test("a notice leads to the report, the file, the place or the job that it tells of", async () => {
  await told({ job: 1, file: { path: "r.report.html", address: "/report/key/r.report.html" } });
  expect(find<HTMLAnchorElement>(".lead", "Open").getAttribute("href")).toBe("/report/key/r.report.html");
  await told({ job: 1, file: { path: "g8.yaml", address: "" } });
  await click(".lead", "Open");
  expect(asked).toHaveBeenCalledWith("open", { path: "g8.yaml" });
  await told({ job: 1, file: { path: "ranges.npz", address: "" } });
  await click(".lead", "Show");
  expect(get().side).toBe("quantization");
  await told({ job: 1, problem: PROBLEM });
  await click(".lead", "Show");
  expect(get().text).toBe(true);
});

test("one that tells of nothing leads nowhere", async () => {
  await told();
  expect(document.querySelector(".lead")).toBeNull();
  await told({ problem: { ...PROBLEM, line: 0 } });
  expect(document.querySelector(".lead")).toBeNull();
});

test("a key goes where the latest notice leads, also of a run that failed", async () => {
  await told({ job: 1 });
  await leave();
  hear([{ event: "ended", number: 1, state: "failed", problem: PROBLEM, seconds: 1 }]);
  await show(<Notices />);
  await perform("notice.follow");
  expect([get().text, get().side]).toEqual([true, null]);
});
