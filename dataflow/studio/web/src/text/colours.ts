/** The colours of YAML in the text: keys, text in quotes, numbers, comments, and what the file refers to. */
import { syntaxTree } from "@codemirror/language";
import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, ViewPlugin, type DecorationSet, type EditorView, type ViewUpdate } from "@codemirror/view";

const CLASSES: Record<string, string> = {
  Comment: "comment",
  QuotedLiteral: "quoted",
  BlockLiteralContent: "quoted",
  BlockLiteralHeader: "sign",
  Anchor: "reference",
  Alias: "reference",
  Tag: "reference",
};

const marks = new Map<string, Decoration>();

function mark(name: string): Decoration {
  const known = marks.get(name) ?? Decoration.mark({ class: `cm-${name}` });
  marks.set(name, known);
  return known;
}

export const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = coloured(view);
    }

    update(update: ViewUpdate): void {
      const parsed = syntaxTree(update.state) !== syntaxTree(update.startState);
      if (update.docChanged || update.viewportChanged || parsed) this.decorations = coloured(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function coloured(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: (node) => {
        const literal = node.name === "Literal";
        const name = node.matchContext(["Key"]) ? "key" : literal ? plainKind(view.state.sliceDoc(node.from, node.to)) : CLASSES[node.name];
        if (name !== undefined && name !== "" && node.to > node.from) builder.add(node.from, node.to, mark(name));
      },
    });
  }
  return builder.finish();
}

/** What a text without quotes is. */
export function plainKind(text: string): string {
  if (text.startsWith("$")) return "param";
  if (/^[-+]?(\.?\d|\.inf|\.nan)/i.test(text)) return "number";
  return /^(true|false|null|~)$/i.test(text) ? "word" : "";
}
