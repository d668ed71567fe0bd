/** What is computed: runs, trainings and other work, and what the session makes of them. */
import type { Plain, Problem } from "./document";
import type { Stats } from "./values";

export type Fate = "run" | "kept" | "fed" | "constant" | "same" | "view" | "unneeded" | "bypassed" | "frozen";

/** What becomes of a node in a run, and why. */
export interface NodeFate {
  fate: Fate;
  because: string; // "attr num_bits changed", "same as d_w_q", "nothing reads it"
  seconds: number | null;
  estimated: boolean; // its share of what runs together
}

export interface Run {
  state: "none" | "running" | "done" | "failed" | "cancelled";
  number: number;
  current: boolean; // whether document and session mean what they did when it began
  old: string[]; // nodes of the whole graph whose values are of another graph or session by now; they are drawn dim
  split: string;
  rows: number;
  nodes: Record<string, NodeFate>;
  values: Record<string, Stats>; // by value_of
  outputs: Record<string, string>; // by output of the graph the port whose value it is
  problem: Problem | null;
  seconds: number;
}

export interface Training {
  state: "none" | "running" | "paused" | "done" | "stopped" | "failed";
  epoch: number;
  epochs: number;
  step: number;
  steps: number; // of the whole training
  rate: number | null;
  metrics: Record<string, { train: number | null; validation: number | null; best: number | null }>;
  values: Record<string, Stats>; // of watched ports, in a step not long ago
  trends: Record<string, Trend>; // of metrics ("loss", "validation loss", "rate") and of watched ports
  problem: Problem | null;
  seconds: number;
  path: string; // of the graph
  folder: string; // of the checkpoints
  overrides: string; // what the session did to it, "bypass relu, freeze w"; "" where it is as the file says
  current: boolean; // whether document and session mean what they did when it began
}

/** A curve: at most 2,000 points; where there were more, the least, mean and greatest of as many steps each. */
export interface Trend {
  steps: number[];
  low: number[];
  mean: number[];
  high: number[];
  stride: number; // steps that a point stands for
}

/** Work that takes a while, beside runs and trainings: calibrate, quantize, sweep, report. */
export interface Job {
  number: number;
  kind: string;
  title: string;
  state: "running" | "done" | "failed" | "cancelled";
  done: number; // of `total`, for a bar
  total: number;
  message: string; // the last line that it said
  files: { path: string; address: string }[]; // that it has written; address: where a report is served, else ""
  result: Plain; // of one that is not done what it has found by then, else null
  problem: Problem | null;
}

/** What the session does to runs without a word of it in the file; told in the line at the bottom. */
export interface Session {
  bypassed: string[]; // nodes whose readers get what stands on their first input
  frozen: Record<string, string>; // by node: "run 3", or the file whose value is kept
  forced: Record<string, Plain>; // by port, the value that its readers get
  watched: string[]; // ports whose trend is drawn while training
  split: string; // of the data section that runs are fed; "" for the first
  rows: number | null; // of it, at most
  params: Record<string, Plain>; // given in place of defaults
  trained: boolean; // whether variables begin in runs with the values of the best checkpoint, not as the file says
}
