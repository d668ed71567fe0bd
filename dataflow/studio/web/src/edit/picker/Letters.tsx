/** A text in which the letters that were found are strong. */
export function Letters({ text, at }: { text: string; at: number[] }) {
  if (at.length === 0) return text;
  const strong = new Set(at);
  const runs: [string, boolean][] = [];
  [...text].forEach((letter, i) => {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === strong.has(i)) last[0] += letter;
    else runs.push([letter, strong.has(i)]);
  });
  return runs.map(([run, found], i) => (found ? <b key={i}>{run}</b> : <span key={i}>{run}</span>));
}
