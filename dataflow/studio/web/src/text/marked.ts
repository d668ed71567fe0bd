/** The lines of what is selected on the canvas, marked. */
import { StateEffect, StateField, type EditorState } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

export const markLines = StateEffect.define<[first: number, last: number][]>();

const line = Decoration.line({ class: "cm-of-selected" });

export const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(now, transaction) {
    const asked = transaction.effects.findLast((effect) => effect.is(markLines));
    return asked === undefined ? now.map(transaction.changes) : of(transaction.state, asked.value as [number, number][]);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function of({ doc }: EditorState, runs: [number, number][]): DecorationSet {
  const numbers = new Set(runs.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i)));
  const there = [...numbers].filter((number) => number <= doc.lines).sort((a, b) => a - b);
  return Decoration.set(there.map((number) => line.range(doc.line(number).from)));
}
