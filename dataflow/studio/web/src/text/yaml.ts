/** YAML by the line, as far as colours need it: keys, texts in quotes, numbers, comments, references. */

export type Kind = "key" | "quoted" | "number" | "word" | "param" | "comment" | "reference" | "sign";

/** What goes on from one line to the next: open braces, and the indent above which lines are a block of text. */
export interface State {
  depth: number;
  block: number | null;
}

export const START: State = { depth: 0, block: null };

export type Token = [from: number, to: number, kind: Kind];

const QUOTED = /"(?:\\.|[^"\\])*"?|'(?:''|[^'])*'?/y;
const REFERENCE = /[&*!][^\s,[\]{}]*/y;
const BLOCK = /[|>][-+\d]*(?=\s*(?:\s#.*)?$)/y;
const MARK = /[-?:](?=\s|$)/y;

/** The tokens of a line that begins in a state, and the state behind it. */
export function line(text: string, { depth, block }: State): { tokens: Token[]; state: State } {
  const indent = text.length - text.trimStart().length;
  if (block !== null && (text.trim() === "" || indent > block))
    return { tokens: text.trim() === "" ? [] : [[indent, text.length, "quoted"]], state: { depth, block } };
  const tokens: Token[] = [];
  let header: number | null = null;
  let at = indent;
  const eat = (pattern: RegExp): number => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0].length ?? 0;
  };
  const put = (length: number, kind: Kind | "") => {
    if (kind !== "") tokens.push([at, at + length, kind]);
    at += length;
  };
  while (at < text.length) {
    const sign = text[at]!;
    if (/\s/.test(sign)) at += 1;
    else if (sign === "#" && /^$|\s/.test(text[at - 1] ?? "")) put(text.length - at, "comment");
    else if ("[{".includes(sign)) [depth, at] = [depth + 1, at + 1];
    else if ("]}".includes(sign)) [depth, at] = [Math.max(0, depth - 1), at + 1];
    else if (sign === "," && depth > 0) at += 1;
    else if (`"'`.includes(sign)) put(eat(QUOTED), isKey(text, at + eat(QUOTED), depth) ? "key" : "quoted");
    else if ("&*!".includes(sign)) put(Math.max(1, eat(REFERENCE)), "reference");
    else if (eat(BLOCK) > 0) {
      header = indent;
      put(eat(BLOCK), "sign");
    } else if (eat(MARK) > 0 || (sign === ":" && depth > 0)) at += 1;
    else {
      const end = plainEnd(text, at, depth);
      put(end - at, isKey(text, end, depth) ? "key" : plainKind(text.slice(at, end)));
    }
  }
  return { tokens, state: { depth, block: header } };
}

/** Where a text without quotes ends: at a comment, at ": ", and within braces at their signs. */
function plainEnd(text: string, from: number, depth: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const sign = text[at]!;
    if (sign === ":" && /^$|\s/.test(text[at + 1] ?? "")) return trimmed(text, from, at);
    if (sign === "#" && /\s/.test(text[at - 1]!)) return trimmed(text, from, at);
    const within = sign === "{" && text[at - 1] === "$"; // of a parameter: ${name}
    if (within) at = Math.max(at, text.indexOf("}", at));
    else if (depth > 0 && ",[]{}".includes(sign)) return trimmed(text, from, at);
  }
  return trimmed(text, from, text.length);
}

function trimmed(text: string, from: number, to: number): number {
  return from + text.slice(from, to).trimEnd().length;
}

function isKey(text: string, end: number, depth: number): boolean {
  const rest = text.slice(end).trimStart();
  return rest.startsWith(":") && (depth > 0 || /^:(\s|$)/.test(rest));
}

/** What a text without quotes is. */
export function plainKind(text: string): Kind | "" {
  if (text.startsWith("$")) return "param";
  if (/^[-+]?(\.?\d|\.inf|\.nan)/i.test(text)) return "number";
  return /^(true|false|null|~)$/i.test(text) ? "word" : "";
}
