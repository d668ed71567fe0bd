/** What the tools of editing are at: a name that is typed, a question that is asked, a line to be shown. */
import { create } from "zustand";

/** What a dialog asks before it is done. */
export interface Question {
  title: string;
  message: string;
  choices: { title: string; kind: "main" | "plain"; run: () => unknown }[];
}

export interface Editing {
  naming: string | null; // the card whose name is typed
  line: { number: number; column: number; focus: boolean } | null; // of the text pane, to be shown
  question: Question | null;
}

export const useEditing = create<Editing>(() => ({
  naming: null,
  line: null,
  question: null,
}));

export const editing = useEditing.setState;

/** Ask before something is done. */
export function question(asked: Question): void {
  editing({ question: asked });
}
