/** The colours of the text, of the lines in view; the state at the beginning of each line is kept. */
import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, ViewPlugin, type DecorationSet, type EditorView, type ViewUpdate } from "@codemirror/view";
import { line, START, type Kind, type State } from "./yaml";

const marks = new Map<Kind, Decoration>();

function mark(kind: Kind): Decoration {
  const known = marks.get(kind) ?? Decoration.mark({ class: `cm-${kind}` });
  marks.set(kind, known);
  return known;
}

class Colours {
  decorations: DecorationSet;
  private readonly states: State[] = [START]; // by line, as far as they are known

  constructor(view: EditorView) {
    this.decorations = this.coloured(view);
  }

  update(update: ViewUpdate): void {
    if (!update.docChanged && !update.viewportChanged) return;
    update.changes.iterChangedRanges((from) => {
      this.states.length = Math.min(this.states.length, update.startState.doc.lineAt(from).number);
    });
    this.decorations = this.coloured(update.view);
  }

  private coloured({ state: { doc }, visibleRanges }: EditorView): DecorationSet {
    const builder = new RangeSetBuilder<Decoration>();
    for (const range of visibleRanges) {
      const last = doc.lineAt(range.to).number;
      for (let number = doc.lineAt(range.from).number; number <= last; number += 1) {
        while (this.states.length < number) {
          const known = this.states.length;
          this.states.push(line(doc.line(known).text, this.states[known - 1]!).state);
        }
        const { from, text } = doc.line(number);
        for (const [start, end, kind] of line(text, this.states[number - 1]!).tokens) builder.add(from + start, from + end, mark(kind));
      }
    }
    return builder.finish();
  }
}

export const colours = ViewPlugin.fromClass(Colours, { decorations: (plugin) => plugin.decorations });
