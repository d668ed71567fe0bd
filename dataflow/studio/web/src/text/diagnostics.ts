/** Problems of the document as marks in its text. */
import type { Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { Problem } from "../protocol";

/** Those of the open file, each from its column to the end of the word that stands there. */
export function diagnostics(doc: Text, problems: Problem[], path: string): Diagnostic[] {
  return problems
    .filter((problem) => problem.path === path && problem.line > 0 && problem.line <= doc.lines)
    .map(({ message, hint, line, column }) => {
      const { from, to, text } = doc.line(line);
      const start = Math.min(from + Math.max(0, column - 1), to);
      const word = /^[^\s,\]}:]+/.exec(text.slice(start - from))?.[0].length ?? 0;
      return { from: start, to: Math.max(start + word, Math.min(start + 1, to)), severity: "error", message: hint === "" ? message : `${message}\n${hint}` };
    });
}
