/** Completion: what the server says can stand at the cursor. */
import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { ask } from "../connection";
import { pageOffset, serverOffset } from "./sync";

export async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const before = context.matchBefore(/[\w$./:-]+/);
  if (!context.explicit && before === null && !/[:{,[]\s$/.test(context.state.sliceDoc(context.pos - 2, context.pos))) return null;
  const text = context.state.doc.toString();
  const found = await ask("complete", { text, offset: serverOffset(text, context.pos) }).catch(() => []);
  if (found.length === 0 || context.aborted) return null;
  const from = Math.min(context.pos, ...found.map((each) => pageOffset(text, each.from)));
  return {
    from,
    options: found.map(({ label, detail, insert }) => ({ label, detail, apply: insert })),
    validFor: /^[\w$./-]*$/,
  };
}
