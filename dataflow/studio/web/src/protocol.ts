/**
 * What the page and the server say to each other: the one description of it, for both sides.
 *
 * A frame to the page is a JSON array of messages; a frame from the page is one `Request`. The server answers each by
 * its id with a `Reply`, behind the events before it, and pushes `Event`s, which it gathers for 30 ms. After connecting it pushes `welcome`, and what a page that
 * was reloaded must know: `document`, `session`, `run`, `training`, `jobs`, with all values and curves so far.
 */

// -- frames -----------------------------------------------------------------------------------------------------

export type Message = Reply | Event;

export interface Request {
  id: number;
  do: string; // a key of Commands
  [argument: string]: unknown;
}

export type Reply = { id: number; ok: unknown } | { id: number; refused: Refusal };

/** Why something was not done: the words of the command line, with what to do instead. */
export interface Refusal {
  message: string;
  hint: string;
  problems: Problem[]; // those that the edit would have made
}

// -- the document -----------------------------------------------------------------------------------------------

/** What is open: the text of a graph file and the picture of it. */
export interface Document {
  path: string; // of the shown file, relative to the project folder; "dataflow:layers/dense.yaml" of a shipped one
  name: string;
  doc: string;
  version: number; // grows by each edit, undo or change on the disk; an edit names the version that it is made for
  saved: boolean; // that no file that was opened or looked into has changes that are not on the disk
  undo: string; // what Ctrl+Z would take back in the shown file, in words; "" where there is nothing
  redo: string;
  readonly: string; // why it cannot be edited; "" where it can
  text: string;
  view: View;
  trail: { title: string; path: string; scope: string }[]; // from the opened file to what is shown
  scene: Scene;
  nodes: Record<string, NodeModel>; // of the shown file, by the name in it
  inputs: Record<string, { type: string; doc: string; line: number }>;
  outputs: Record<string, { wire: string; line: number }>;
  params: Record<string, { type: string; value: Plain; default: Plain; required: boolean; doc: string; line: number }>;
  sections: Record<string, Plain>; // data, train, quantization: as they are read, parameters put in
  written: Record<string, Plain>; // the sections as the shown file has them, "$epochs" where a parameter stands
  steps: boolean; // whether nodes change variables, so that steps of it can be done
  splits: Record<string, number | null>; // of the data section, with how many rows they have; null where only reading them would tell, or something is wrong
  problems: Problem[];
}

export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

/**
 * What of a document is shown, and how; the state of the session, never of the file. Within a node, `text`, `nodes` and
 * edits are those of the graph file that it uses, with the types of this use. Layers are of the whole graph.
 */
export interface View {
  scope: string; // "conv1": inside of that node's graph file; "" for the file itself
  layer: "file" | "gradient" | "step"; // the file, the file with the reverse pass, the whole training step
  direction: "right" | "down";
  unfolded: string[]; // nodes with a card of their own that would be drawn in the ports that read them
}

export interface Problem {
  message: string;
  hint: string;
  path: string;
  line: number; // from 1; 0 where it is about the whole file
  column: number;
  node: string; // of the shown file; "" where it is about none
  port: string; // an input or attr of it
}

/** A node as the inspector shows it. */
export interface NodeModel {
  name: string;
  block: string; // "Conv2D", or the path of a graph file
  file: string; // the path to open where the block is a graph file, else ""
  doc: string;
  line: number;
  attrs: Record<string, Written & { info?: BlockInfo["attrs"][number] | null }>; // every attr that the block or file has, in its order; info: of a file
  inputs: Record<string, Written & { type: string; value_of: string }>; // value_of: the port whose value it reads
  outputs: Record<string, { type: string; value_of: string; readers: string[] }>;
  range: [number, number] | null;
}

/** A value as the file has it. */
export interface Written {
  written: string; // YAML as it stands there, such as "$num_bits"; "" where nothing does
  value: Plain; // what it comes to; of an attr that is not written the default
  param: string; // the parameter that it is, without "$"; "" where it is none
}

// -- the picture ------------------------------------------------------------------------------------------------

/** Positions are pixels at zoom 1; those of ports are within their card. */
export interface Scene {
  width: number;
  height: number;
  frames: Frame[];
  cards: Card[];
  wires: Wire[];
}

/** A paragraph of the file under the comment above it. */
export interface Frame {
  id: string;
  title: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Card {
  id: string; // the name of the node or input in the shown file; "output:NAME" of an output
  kind: "node" | "graph" | "input" | "output"; // graph: a node whose block is a graph file
  frame: string;
  x: number;
  y: number;
  width: number;
  height: number;
  name: string;
  block: string;
  hue: number;
  doc: string;
  line: number;
  gradient: boolean; // part of a reverse pass
  lefts: LeftPort[];
  rights: RightPort[];
  attrs: { name: string; text: string; param: boolean }[]; // those that are written
  notes: string[]; // "updates mean1, variance1"
  folded: string[]; // nodes that are drawn within this card
  wrong: boolean; // it has a problem, or what it depends on has
}

export type Family = "float" | "int" | "uint" | "quantized" | "complex" | "bool" | "any";

export interface LeftPort {
  name: string;
  x: number; // of its dot, where a wire ends
  y: number;
  row: number; // middle of the line with its name and chip
  family: Family;
  wire: string; // the wire as the file has it, "norm.mean"; "" for a literal or nothing
  value_of: string; // the port whose value comes in; "" for none
  chip: { text: string; kind: "wire" | "variable" | "constant" | "literal" | "param" | "asked" } | null; // in place of a drawn wire; asked: "such as 1", where a value is to be written
  optional: boolean;
}

export interface RightPort {
  name: string;
  x: number;
  y: number;
  row: number;
  family: Family;
  type: string; // "float32[N, 8, 8, 32]", "" where it is not known
  value_of: string; // "conv1/act.activations": by that values and statistics come
  tags: number; // readers that no drawn wire leads to
}

export interface Wire {
  id: string;
  source: [card: string, port: string];
  target: [card: string, port: string];
  family: Family;
  gradient: boolean;
  path: string; // of SVG
}

// -- values -----------------------------------------------------------------------------------------------------

/** What is known of the value on a port; statistics are of at most 32,768 elements, evenly spread. */
export interface Stats {
  dtype: string;
  shape: number[];
  min: number | null; // null where there are no finite elements
  max: number | null;
  mean: number | null;
  std: number | null;
  nan: number;
  inf: number;
  zeros: number;
  sampled: boolean; // whether not all elements were looked at
  bins: number[]; // 24 counts between min and max
  shown: Plain; // a value of at most 16 elements, as nested lists; else null
  quality: Quality | null;
  sqnr?: number; // dB against the graph without quantizers, of a value that follows from quantized ones
}

/** What quantization does to the value on a port. */
export interface Quality {
  bits: number;
  scale: number[]; // one, or one per channel
  zero_point: number[];
  clipped: number; // percent of elements beyond the ends
  sqnr: number | null; // dB against the graph without quantizers
}

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

// -- files ------------------------------------------------------------------------------------------------------

export interface GalleryEntry {
  path: string; // "dataflow:digits/cnn.yaml" of a shipped one
  name: string;
  doc: string;
  nodes: number;
  trains: boolean;
  quantized: boolean;
  group: string; // the folder
}

/** A block in the palette; types are checked by it while a wire is dragged. */
export interface BlockInfo {
  name: string;
  aliases: string[];
  words: string[]; // to find it by
  category: string;
  continues: number; // how many names of its category its own does, as Conv2DBackpropInput that of Conv2D
  hue: number;
  summary: string;
  inputs: { name: string; dtypes: string[]; type: string; optional: boolean; many: boolean; static: boolean; doc: string; example: string }[]; // example: of a static one, what may be written there
  outputs: { name: string; dtypes: string[]; type: string; doc: string }[];
  attrs: {
    name: string;
    type: string;
    required: boolean;
    default: Plain;
    min: number | null;
    max: number | null;
    choices: Plain[];
    doc: string;
  }[];
  gradient: "yes" | "none flows" | "missing";
}

// -- events -----------------------------------------------------------------------------------------------------

export type Event =
  | { event: "welcome"; project: string; version: string; gallery: GalleryEntry[]; blocks: BlockInfo[] } // the usual ones first
  | { event: "document"; document: Document | null }
  | { event: "disk"; path: string; state: "changed" | "deleted" | "merged" | "settled"; diff: string } // settled: no longer to be asked about
  | { event: "session"; session: Session }
  | { event: "checkpoints"; step: number | null } // of the newest checkpoint of the open document; null: there is none
  | { event: "run"; run: Run } // the whole, on connecting and when one begins
  | { event: "ran"; number: number; nodes: Record<string, NodeFate>; values: Record<string, Stats> } // more of it
  | { event: "ended"; number: number; state: Run["state"]; problem: Problem | null; seconds: number }
  | { event: "aged"; number: number; current: boolean; old: string[] } // what of it is old after an edit
  | { event: "training"; training: Training } // the whole
  | { event: "trained"; training: Omit<Training, "trends">; points: Record<string, [step: number, value: number][]> } // more
  | { event: "jobs"; jobs: Job[] }
  | { event: "said"; level: "info" | "warning"; message: string; about?: About };

/** What a notice tells of, so that it can lead there. */
export interface About {
  file?: Job["files"][0];
  problem?: Problem | null;
  job?: number;
}

// -- requests ---------------------------------------------------------------------------------------------------

/** An edit, named as the methods of `flow.edit`; several of them make one step of undo. */
export type Edit =
  | { op: "set"; place: string; value: Plain }
  | { op: "append"; place: string; value: Plain }
  | { op: "remove"; place: string }
  | {
      op: "add";
      name: string; // made unique by the server
      block: string;
      inputs?: Plain;
      attrs?: Plain;
      doc?: string;
      before?: string;
      after?: string;
      comment?: string;
    }
  | { op: "delete"; names: string[]; reconnect: boolean }
  | { op: "rename"; place: string; name: string }
  | { op: "extract"; names: string[]; name: string; path: string }
  | { op: "unpack"; name: string }
  // "" unwires; of a list port it appends, or takes off "values[1]"; a variable without dtype or dims gets those that are known there
  | { op: "wire"; target: [node: string, port: string]; source: string }
  | { op: "splice"; name: string; target: [node: string, port: string] } // an unwired node into the wire to a port, or to an output: "output:NAME"
  | { op: "pull_out"; name: string } // its readers get what stands on its first input, and its wires go
  | { op: "paste"; text: string; after: string } // YAML of nodes; names that are taken get a number
  | { op: "input"; name: string; type: string }
  | { op: "input"; name: string; to: [node: string, port: string] } // of a type that fits that port, and wired to it
  | { op: "output"; name: string; wire: string }
  | { op: "param"; name: string; place: string } // make the value there a parameter
  | { op: "text"; text: string };

/** A mend of a wire that does not fit: what to insert or set, as edits that make it right. */
export interface Mend {
  title: string; // "Cast to float32"
  edits: Edit[];
}

export interface Completion {
  label: string;
  detail: string;
  insert: string;
  from: number; // offset in the text from which it replaces; offsets count as a browser does
}

/** What may be added at a place of a file, which is told by the keys that lead there, and the places in lists. */
export interface Offer {
  kind: "mapping" | "list" | "value"; // of a mapping its options are keys that it lacks, of a list those of its items are offered
  named: boolean; // whether a mapping may have keys of any name
  options: { text: string; detail: string }[];
}

export interface Hit {
  path: string;
  node: string;
  line: number;
  text: string;
}

/** A picture of a value, or a table of it. */
export interface Picture {
  rows: number;
  columns: number;
  tiles: number; // side by side: channels, or rows of a batch
  low: number;
  high: number;
  data: string; // base64 of rows * columns * tiles bytes, 0 to 255 between low and high
  labels: string[]; // of the tiles
  dims: { name: string; size: number; at: number | null }[]; // of the array; `at` where one index is shown
}

/** A picture in little: cards as rectangles, wires as paths of SVG; and what the file says of itself. */
export interface Preview {
  doc: string;
  nodes: number;
  trains: boolean;
  width: number;
  height: number;
  cards: { x: number; y: number; width: number; height: number; hue: number; kind: Card["kind"] }[];
  wires: string[];
}

/** What each command takes and gives. */
export interface Commands {
  gallery: [{}, GalleryEntry[]];
  files: [{}, { path: string; graph: boolean; size: number }[]];
  open: [{ path: string }, null];
  create: [{ path: string; like?: string }, null]; // a new file: empty, or a copy of a graph
  view: [Partial<View>, null];
  // at: where the middle of a card that is added shall be until it is wired; names: of nodes and inputs added, "output:NAME" of outputs
  edit: [{ version: number; edits: Edit[]; title: string; at?: [x: number, y: number] }, { version: number; names: string[] }];
  undo: [{ version: number }, null];
  redo: [{ version: number }, null];
  // All files that were edited, or none: what comes back are those that must be decided about first. Over what another
  // has made of a file is written only where it is named.
  save: [{ overwrite?: string[] }, { path: string; state: "changed" | "deleted" }[]];
  reload: [{ path?: string }, null]; // what is on the disk, as an edit that can be undone; of the file shown, or another
  move: [{ positions: Record<string, [x: number, y: number] | null> }, null]; // kept in NAME.layout.json
  copy: [{ names: string[] }, string];
  fits: [{ from: [node: string, port: string]; side: "source" | "target" }, string[]]; // blocks, best first, "input" or "output" of the graph among them
  try_wire: [{ source: string; target: [node: string, port: string] }, { refused: Refusal | null; mends: Mend[] }];
  complete: [{ text: string; offset: number }, Completion[]];
  offers: [{ place: (string | number)[] }, Offer];
  first_data: [{}, Plain]; // a data section for the inputs, of the file of the project that fits them best
  find: [{ query: string }, Hit[]];
  export: [{ format: "svg" | "mermaid" | "dot"; theme?: "light" | "dark"; quality?: boolean }, string]; // as SVG what is shown, with the values of the run; quality: cards coloured by SQNR
  preview: [{ path: string }, Preview]; // of a file that is not open, for the gallery

  session: [Partial<Session>, null];
  plan_run: [{ to?: string }, Record<string, NodeFate>];
  run: [{ to?: string; again?: boolean }, { number: number }]; // again: also what has not changed
  cancel: [{ what: "run" | "training" | "job"; number?: number }, null];
  picture: [{ port: string; at?: Record<string, number> }, Picture];
  table: [{ port: string; at?: Record<string, number>; row?: number }, { dims: Picture["dims"]; cells: string[][] }];

  train: [{ resume?: boolean; restart?: boolean; epochs?: number; steps?: number }, null]; // steps: of a graph without a train section
  pause: [{}, null];
  resume: [{}, null];
  stop: [{}, null];
  change: [{ rate?: number; params?: Record<string, Plain> }, null]; // from the next step on

  calibrate: [{ split?: string; samples?: number }, { number: number }];
  // options: those of the command line, with "_" for "-"
  // refused where there is a file of this name, unless told to overwrite it
  quantize: [{ out: string; weights: string; activations: string; options: Record<string, Plain>; overwrite?: boolean }, { number: number }];
  sweep: [{ options: Record<string, Plain> }, { number: number }];
  report: [{}, { number: number }];
  bits: [{ weights: number; activations: number }, {
    sqnr: number | null;
    metrics: Record<string, number>;
    float: Record<string, number>;
    rows: number; // that were measured, of this split
    split: string;
  }];
}
