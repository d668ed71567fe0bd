/** What each command takes and gives. */
import type { GalleryEntry } from "./catalogue";
import type { Plain, View } from "./document";
import type { Completion, Edit, Hit, Mend, Offer } from "./edits";
import type { Refusal } from "./frames";
import type { Preview } from "./scene";
import type { Picture } from "./values";
import type { NodeFate, Session } from "./work";

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
