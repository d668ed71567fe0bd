/** Text of documentation, in which what stands between backticks is code. */
export function Prose({ text }: { text: string }) {
  return pieces(text).map(([piece, code], i) => (code ? <code key={i}>{piece}</code> : <span key={i}>{piece}</span>));
}

/** The text without its backticks, for where there is room for one line of letters alone. */
export function bare(text: string): string {
  return text.replaceAll("`", "");
}

function pieces(text: string): [string, boolean][] {
  const parts = text.split(/``(.+?)``|`(.+?)`/);
  return parts.flatMap((part, i): [string, boolean][] => (part ? [[part, i % 3 !== 0]] : []));
}
