import { act } from "react";
import { afterEach, expect, test } from "vitest";
import type { Problem, Run } from "../protocol";
import { set } from "../store";
import { chain } from "../testing/document";
import { find, leave, show } from "../testing/page";
import { StatusBar } from "./StatusBar";

afterEach(leave);

const run: Run = {
  state: "done", number: 2, current: true, old: [], split: "", rows: 0, nodes: {}, values: {}, outputs: {}, problem: null, seconds: 0.5,
};
const tell = (rest: Partial<Run>) => act(async () => set({ run: { ...run, ...rest } }));

test("a run is told as long as it is of the graph that stands, and a failure no longer", async () => {
  set({ connected: true, document: chain(), run });
  await show(<StatusBar />);
  expect(find("footer").textContent).toBe("4 nodesrun 2 done, 500 ms");
  expect(document.querySelector(".past")).toBeNull();
  await tell({ rows: 16 });
  expect(find("footer").textContent).toBe("4 nodesrun 2 done on made-up numbers, 500 ms");
  await tell({ rows: 16, split: "train" });
  expect(find("footer").textContent).toBe("4 nodesrun 2 done, 500 ms");
  await tell({ current: false });
  expect(find(".past").title).toBe("Of the graph before the last change");
  await tell({ state: "failed", problem: { message: "no rows" } as Problem });
  expect(find(".away").title).toBe("no rows");
  await tell({ state: "failed", current: false });
  expect(find("footer").textContent).toBe("4 nodes");
});
