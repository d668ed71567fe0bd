import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Run, Training } from "../protocol";
import { commandNamed } from "../commands";
import { editing, useEditing } from "../edit/state";
import { get, hear, set } from "../store";
import { chain } from "../testing/document";
import { click, find, leave, press, show, write } from "../testing/page";
import "../shell/commands";
import { usualTrain } from "./begin";
import "./commands";
import { Jobs } from "./Jobs";
import { NOTHING } from "./session";
import QuantizationPanel from "./QuantizationPanel";
import { Result } from "./Result";
import RunPanel from "./RunPanel";
import { TrainingStatus } from "./Status";
import TrainingPanel from "./TrainingPanel";

const asked: [string, unknown][] = [];
const answers: Record<string, unknown> = {};
vi.mock("../connection", async (original) => ({
  ...(await original<object>()),
  ask: async (command: string, given: unknown) => {
    asked.push([command, given]);
    return answers[command] ?? null;
  },
}));

const training: Training = {
  state: "running", epoch: 2, epochs: 5, step: 40, steps: 100, rate: 0.01,
  metrics: { loss: { train: 0.5, validation: 0.6, best: 0.55 } },
  trends: { loss: { steps: [1, 2], low: [1, 0.5], mean: [1, 0.5], high: [1, 0.5], stride: 1 } },
  values: {}, problem: null, seconds: 4, folder: "chain.checkpoints", current: true, overrides: "", path: "chain.yaml",
};
const run: Run = {
  state: "running", number: 1, current: true, old: [], split: "train", rows: 10, nodes: {}, values: {}, outputs: { out: "relu.y" }, problem: null, seconds: 0,
};
const text = () => document.body.textContent ?? "";

beforeEach(() => {
  const doc = chain({
    sections: { train: { epochs: 5 } },
    params: { bits: { type: "int", value: 8, default: 8, required: false, doc: "", line: 3 } },
    splits: { train: 90, test: 10 },
  });
  set({ document: doc, session: NOTHING, run: null, training: null, checkpoint: null, jobs: [], selected: [], focused: null });
  answers["plan_run"] = {};
  answers["files"] = [];
});
afterEach(async () => {
  asked.length = 0;
  await leave();
});

test("a training that failed is no longer told once the graph is another, one that is done as of before", async () => {
  set({ training: { ...training, state: "failed", current: false } });
  await show(<TrainingStatus />);
  expect(text()).toBe("");
  await act(async () => set({ training: { ...training, state: "failed" } }));
  expect(text()).toContain("training failed");
  await act(async () => set({ training: { ...training, state: "done", current: false } }));
  expect(find("button").className).toBe("link past");
  await act(async () => set({ training: { ...training, current: false } }));
  expect(find("button").className).toBe("link");
});

const offered = () => [...document.querySelectorAll<HTMLButtonElement>(".actions button")].map(({ textContent, disabled, className }) => [textContent, !disabled, className.includes("main")]);

test("a training is begun with the epochs that are written; only what can be done is offered, with the reason", async () => {
  await show(<TrainingPanel />);
  expect(offered()).toEqual([["Train", true, true], ["Resume", false, false], ["Restart", false, false]]);
  expect(find("button", "Resume").title).toBe("There is no checkpoint yet: a training makes them");
  await write(find<HTMLInputElement>("input"), "7");
  await click("button", "Train");
  await act(async () => hear([{ event: "checkpoints", step: 1200 }]));
  expect(offered()).toEqual([["Train", false, false], ["Resume", true, true], ["Restart", true, false]]);
  expect(find("button", "Train").title).toBe("There are checkpoints up to step 1,200: resume from them, or restart");
  await click("button", "Resume");
  await click("button", "Restart");
  expect(asked).toEqual([["train", { epochs: 7 }], ["train", { resume: true, epochs: 7 }], ["train", { restart: true, epochs: 7 }]]);
});

test("after the last epoch there is nothing to resume until more are asked for", async () => {
  const done: Training = { ...training, state: "done", epoch: 5, epochs: 5 };
  set({ training: done, checkpoint: 100 });
  await show(<TrainingPanel />);
  const resume = () => offered().find(([name]) => name === "Resume");
  const command = () => commandNamed("train.continue")!.enabled!();
  expect([...resume()!, command()]).toEqual(["Resume", false, false, false]);
  expect(text()).toContain("All 5 epochs are done: write more to go on, or restart");
  await write(find<HTMLInputElement>("input"), "7");
  expect(resume()).toEqual(["Resume", true, true]);
  await write(find<HTMLInputElement>("input"), "");
  await act(async () => set({ training: { ...done, epoch: 3 } })); // it ended early
  expect(resume()).toEqual(["Resume", false, false]);
  expect(text()).toContain("It ended early, after 3 epochs: restart to train again");
  for (const other of [{ current: false }, { state: "stopped" as const }, { path: "other.yaml" }]) {
    await act(async () => set({ training: { ...done, ...other } }));
    expect([...resume()!, command()]).toEqual(["Resume", true, true, true]);
  }
});

test("commands of checkpoints can be done where there are some", () => {
  const enabled = () => ["train.continue", "train.restart"].map((id) => commandNamed(id)!.enabled!());
  expect(enabled()).toEqual([false, false]);
  set({ checkpoint: 3 });
  expect(enabled()).toEqual([true, true]);
  set({ document: chain({ steps: true }), training: { ...training, state: "done", step: 0 } });
  expect(enabled()).toEqual([false, false]);
  set({ training: { ...training, state: "done", path: "other.yaml" } });
  expect(enabled()).toEqual([false, false]);
  set({ training: { ...training, state: "done" } });
  expect(enabled()).toEqual([false, true]);
});

test("a training is begun only where none can be resumed; steps go on by the same command", () => {
  const enabled = () => ["train.start", "train.continue"].map((id) => commandNamed(id)!.enabled!());
  expect(enabled()).toEqual([true, false]);
  set({ checkpoint: 40 });
  expect(enabled()).toEqual([false, true]);
  set({ training });
  expect(enabled()).toEqual([false, false]);
  set({ document: chain({ steps: true }), training: { ...training, state: "done" } });
  expect(enabled()).toEqual([true, false]);
  set({ document: null });
  expect(enabled()).toEqual([false, false]);
});

test("a graph without a train section gets one, which is seen at once", async () => {
  const bare = chain({
    outputs: { loss: { wire: "relu", line: 9 } },
    nodes: { relu: { ...chain().nodes.relu!, outputs: { y: { type: "float32[]", value_of: "relu.y", readers: [] } } } },
  });
  set({ document: bare });
  await show(<TrainingPanel />);
  await click("button", "Train to minimize loss");
  expect(asked).toEqual([["edit", { version: 1, title: "Add a train section", edits: [{ op: "set", place: "train", value: usualTrain(bare) }] }]]);
  await act(async () => hear([{ event: "document", document: { ...bare, sections: { train: { epochs: 5 } } } }]));
  expect(find("button", "Train").textContent).toBe("Train");
});

test("after a training, runs are offered with what it found", async () => {
  set({ training: { ...training, state: "done" } });
  await show(<TrainingPanel />);
  await click("button", "Run with the trained values");
  expect(asked).toEqual([["session", { trained: true }], ["run", {}]]);
  await act(async () => hear([{ event: "session", session: { ...NOTHING, trained: true } }]));
  expect(text()).not.toContain("Run with the trained values");
});

test("a training of another graph is said to be one", async () => {
  set({ training: { ...training, state: "done", folder: "other.checkpoints", path: "other.yaml" } });
  await show(<TrainingPanel />);
  expect(text()).toContain("Of another graph: checkpoints in other.checkpoints");
  expect(text()).not.toContain("Run with the trained values");
  await act(async () => set({ document: chain({ trail: [{ title: "other", path: "other.yaml", scope: "" }] }) }));
  expect(text()).not.toContain("Of another graph");
});

test("a training that could not begin says why, and nothing of how far it is", async () => {
  const problem = { message: "input 'label' must be int32", hint: "", path: "", line: 0, column: 0, node: "", port: "" };
  set({ training: { ...training, state: "failed", step: 0, steps: 0, problem } });
  await show(<TrainingPanel />);
  expect(find("[role=alert]").textContent).toBe("input 'label' must be int32");
  expect(document.querySelector("[role=progressbar]")).toBeNull();
});

test("a training that goes on shows where it is, is paused, and takes changes", async () => {
  await show(<TrainingPanel />);
  await act(async () => hear([{ event: "training", training }]));
  expect(text()).toContain("epoch 2 of 5");
  expect(find("[role=progressbar]").getAttribute("aria-valuenow")).toBe("40");
  expect([...document.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual(["0.5", "0.6", "0.55"]);
  await click("button", "Pause");
  const rate = [...document.querySelectorAll("input")].find((input) => input.value === "0.01")!;
  await write(rate, "0.5");
  await press(rate, "Escape");
  expect(rate.value).toBe("0.01");
  await write(rate, "0.002");
  await press(rate, "Enter");
  expect(asked).toEqual([["pause", {}], ["change", { rate: 0.002 }]]);
});

test("curves grow with the events, and the status goes to the end", async () => {
  await show(<TrainingPanel />);
  await act(async () => hear([{ event: "training", training }]));
  const { trends: _, ...rest } = training;
  const before = document.querySelector(".curves .line")!.getAttribute("d");
  await act(async () => hear([{ event: "trained", training: { ...rest, state: "done", step: 100 }, points: { loss: [[3, 0.1]] } }]));
  expect(document.querySelector(".curves .line")!.getAttribute("d")).not.toBe(before);
  expect(text()).toContain("done");
  expect(find("button", "Train").textContent).toBe("Train");
});

test("what a run is fed is the session's", async () => {
  await show(<RunPanel />);
  const split = find<HTMLSelectElement>("select");
  expect([...split.options].map((option) => option.text)).toEqual(["train (90 rows)", "test (10 rows)"]);
  const [rows, trained, bits] = [...document.querySelectorAll("input")];
  await write(rows!, "64");
  await press(rows!, "Enter");
  await write(bits!, "4");
  await press(bits!, "Enter");
  await act(async () => trained!.click());
  expect(asked.filter(([command]) => command === "session").map(([, given]) => given)).toEqual([
    { rows: 64 }, { params: { bits: 4 } }, { trained: true },
  ]);
});

test("a graph without data takes rows from a file of the project", async () => {
  const section = { train: { path: "./digits.npz", inputs: { x: "images" } } };
  answers["first_data"] = section;
  answers["edit"] = { version: 2, names: [] };
  set({ document: chain({ inputs: { x: { type: "float32[N, 64]", doc: "", line: 3 } } }), side: "problems" });
  await show(<RunPanel />);
  await click("button", "Take rows from a file");
  const edits = [{ op: "set", place: "data", value: section }];
  expect(asked.at(-1)).toEqual(["edit", { version: 1, title: "Add a data section", edits }]);
  expect(get().side).toBe("inspector");
});

test("how many rows there are stands where they are chosen, and is the most that is taken", async () => {
  const { document: doc } = get();
  set({ document: { ...doc!, splits: { train: 90, all: null } } });
  await show(<RunPanel />);
  expect([...document.querySelectorAll("option")].map((option) => option.textContent)).toEqual(["train (90 rows)", "all"]);
  const rows = [...document.querySelectorAll("input")].find((input) => input.placeholder === "all 90")!;
  for (const typed of ["200", "few"]) {
    await write(rows, typed);
    await press(rows, "Enter");
  }
  expect(asked.filter(([command]) => command === "session")).toEqual([["session", { rows: 90 }]]);
  expect(get().notices.at(-1)!.message).toBe("rows: must be a whole number from 1, got few");
  await act(async () => set({ session: { ...NOTHING, split: "all" } }));
  expect([...document.querySelectorAll("input")].some((input) => input.placeholder === "1,000")).toBe(true);
  await show(<TrainingPanel />);
  expect(text()).toContain("Data: train (90 rows), all");
});

test("before a run it is told what would run and why, after one what did", async () => {
  answers["plan_run"] = {
    conv: { fate: "run", because: "attr strides changed", seconds: null, estimated: false },
    image: { fate: "kept", because: "as before", seconds: null, estimated: false },
  };
  await show(<RunPanel />);
  expect([...document.querySelectorAll("summary")].map((line) => line.textContent)).toEqual(["1 run", "1 kept from the last run"]);
  expect(text()).toContain("attr strides changed");
  await click("button", "conv");
  expect(get().selected).toEqual(["conv"]);
  await act(async () => hear([{ event: "run", run }]));
  await act(async () => hear([{ event: "ran", number: 1, nodes: { relu: { fate: "run", because: "", seconds: 0.002, estimated: true } }, values: {} }]));
  expect(find("[role=progressbar]").getAttribute("aria-valuenow")).toBe("1");
  expect(text()).toContain("≈ 2.0 ms");
  const problem = { message: "conv: shapes differ", hint: "set strides", path: "chain.yaml", line: 4, column: 1, node: "conv", port: "input" };
  await act(async () => hear([{ event: "ended", number: 1, state: "failed", problem, seconds: 1 }]));
  expect(find("[role=alert]").textContent).toBe("conv: shapes differset stridesconv.input chain.yaml:4");
});

test("moving a slider asks what so many bits cost", async () => {
  let come = (_: unknown): void => undefined;
  answers["bits"] = new Promise((resolve) => (come = resolve));
  await show(<QuantizationPanel />);
  expect(asked).toEqual([]);
  await write(find<HTMLInputElement>("input"), "4");
  expect(find<HTMLSelectElement>("select", "bits of weights").value).toBe("4"); // what was measured is what would be written
  expect(asked).toEqual([["bits", { weights: 4, activations: 8 }]]);
  expect(text()).toContain("Preparing");
  const found = { sqnr: 31.24, metrics: { accuracy: 0.95 }, float: { accuracy: 0.97 }, rows: 144, split: "validation" };
  await act(async () => come(found));
  expect(text()).not.toContain("Preparing");
  expect(text()).toContain("Of 144 rows of validation");
  answers["bits"] = new Promise(() => undefined);
  await write(find<HTMLInputElement>("input"), "3");
  expect(find(".bits-found").getAttribute("aria-busy")).toBe("true"); // what is shown is of the width before
  expect([...document.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual(["", "31.2 dB", "", "0.97", "0.95", "−0.02"]);
});

test("what is measured with is made ready when the pointer comes to a slider", async () => {
  answers["bits"] = new Promise(() => undefined);
  await show(<QuantizationPanel />);
  await act(async () => find("input").dispatchEvent(new MouseEvent("pointerover", { bubbles: true })));
  expect(asked).toEqual([["bits", { weights: 8, activations: 8 }]]);
  expect(text()).toContain("Preparing");
});

test("the command line says what the form asks for", async () => {
  await show(<QuantizationPanel />);
  const bits = find<HTMLSelectElement>("select", "bits of weights");
  await act(async () => {
    bits.value = "4";
    bits.dispatchEvent(new Event("change", { bubbles: true }));
  });
  expect(find("code").textContent).toBe("dataflow quantize chain.yaml -o chain_w4a8.yaml --weights 4 --activations 8");
  await click("button", "Quantize");
  const given = { out: "chain_w4a8.yaml", weights: "4", activations: "8", options: {} };
  expect(asked).toEqual([["files", {}], ["quantize", given]]);
});

test("a file that is there is written over only where a person says so", async () => {
  answers["files"] = [{ path: "chain_w8a8.yaml", graph: true, size: 10 }];
  await show(<QuantizationPanel />);
  await click("button", "Quantize");
  expect(asked).toEqual([["files", {}]]);
  const { title, choices } = useEditing.getState().question!;
  expect(title).toBe("chain_w8a8.yaml is there already");
  await choices[0]!.run();
  expect(asked[1]).toEqual(["quantize", { out: "chain_w8a8.yaml", weights: "8", activations: "8", options: {}, overwrite: true }]);
  editing({ question: null });
});

test("a job shows how far it is, is cancelled, and its graph files are opened", async () => {
  const job = { number: 4, kind: "sweep", title: "Sweep", done: 3, total: 10, message: "", files: [], result: null, problem: null };
  set({ jobs: [{ ...job, state: "running" }] });
  await show(<Jobs />);
  await click("button", "Cancel");
  expect(asked.pop()).toEqual(["cancel", { what: "job", number: 4 }]);
  const files = [
    { path: "a.yaml", address: "" },
    { path: "a.npz", address: "" },
    { path: "a.report.html", address: "/report/0f/a.report.html" },
  ];
  const result = { "SQNR in dB": [{ layer: "conv", "2 bits": 5.5, "8 bits": 44 }], bits: 8 };
  await act(async () => hear([{ event: "jobs", jobs: [{ ...job, state: "done", files, result }] }]));
  expect([...document.querySelectorAll("thead th")].map((head) => head.textContent)).toEqual(["layer", "2 bits", "8 bits"]);
  expect([...document.querySelectorAll("tbody td")].map((cell) => cell.className)).toEqual(["grade-0", "grade-4"]);
  await click("button", "Open a.yaml");
  expect(asked.pop()).toEqual(["open", { path: "a.yaml" }]);
  const link = find<HTMLAnchorElement>("a", "Open the report");
  expect([link.getAttribute("href"), link.target, link.rel]).toEqual(["/report/0f/a.report.html", "_blank", "noopener"]);
});

test("of a table with many columns the names of records stand above their figures, and sentences below", async () => {
  const row = { node: "conv1/weights_q", "SQNR accumulated": 31.256, "SQNR alone": 40, "clipped %": 0, bits: 8, why: "few levels are used of those there are" };
  await show(<Result result={[row]} of="Report" />);
  const rows = [...document.querySelectorAll("tr")].map((each) => [...each.children].map((cell) => cell.textContent));
  expect(rows).toEqual([["SQNR accumulated", "SQNR alone", "clipped %", "bits"], ["conv1/weights_q"], ["31.3", "40", "0", "8"], [row.why]]);
  expect([...document.querySelectorAll("[colspan]")].map((cell) => cell.getAttribute("colspan"))).toEqual(["4", "4"]);
  await show(<Result result={[{ metric: "accuracy", float: 0.97654, quantized: 0.9, why: row.why }]} of="Report" />);
  expect([...document.querySelectorAll("tbody tr")].map((each) => each.textContent)).toEqual(["accuracy0.97650.9", row.why]);
  expect(document.querySelector(".prose")!.getAttribute("colspan")).toBe("3");
});
