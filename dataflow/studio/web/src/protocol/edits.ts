/** Edits, and what may come next: mends, completions, what is found. */
import type { Plain } from "./document";

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
