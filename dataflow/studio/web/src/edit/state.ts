/** What the tools of editing have open on the canvas: a name or a value in a field, mends that are offered. */
import { create } from "zustand";
import type { Mend, Refusal } from "../protocol";

/** A wire that was refused, and what would make it fit. */
export interface Offer {
  source: string;
  target: [node: string, port: string];
  refusal: Refusal;
  mends: Mend[];
}

/** What a dialog asks before it is done. */
export interface Question {
  title: string;
  message: string;
  choices: { title: string; kind: "main" | "plain"; run: () => unknown }[];
}

export interface Editing {
  naming: string | null; // the card whose name is typed
  literal: { node: string; port: string } | null; // the port whose value or wire is typed
  offer: Offer | null;
  line: { number: number; column: number } | null; // of the text pane, to be shown
  extracting: string[] | null; // nodes that are to become a file
  question: Question | null;
  field: string | null; // the row of the inspector that is to have the focus
}

export const useEditing = create<Editing>(() => ({
  naming: null,
  literal: null,
  offer: null,
  line: null,
  extracting: null,
  question: null,
  field: null,
}));

export const editing = useEditing.setState;

/** Ask before something is done. */
export function question(asked: Question): void {
  editing({ question: asked });
}
