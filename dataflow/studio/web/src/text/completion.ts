/** Completion: what the server says can stand at the cursor. */
import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { ask } from "../connection";

const WORD = /^[\w$./-]*$/;

/** A word that is whole already is not offered: Enter behind it begins a line. */
export async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const before = context.matchBefore(/[\w$./:-]+/);
  if (!context.explicit && before === null && !/[{[]$|[:,]\s$/.test(context.state.sliceDoc(context.pos - 2, context.pos))) return null;
  const text = context.state.doc.toString();
  const found = await ask("complete", { text, offset: context.pos }).catch(() => []);
  if (found.length === 0 || context.aborted) return null;
  const whole = (typed: string) => found.some(({ label }) => label === typed);
  const from = Math.min(context.pos, ...found.map((each) => each.from));
  if (!context.explicit && whole(context.state.sliceDoc(from, context.pos))) return null;
  return {
    from,
    options: found.map(({ label, detail, insert }, i) => ({ label, detail, apply: insert, boost: -Math.min(i, 99) })), // in their order
    validFor: (typed) => WORD.test(typed) && !whole(typed),
  };
}
