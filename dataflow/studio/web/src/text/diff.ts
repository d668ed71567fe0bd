/** The lines in which two texts differ, as replacements of characters of the first. */

export interface Replacement {
  from: number;
  to: number;
  insert: string;
}

const MOST = 1500; // edits up to which the fewest are looked for; beyond, what differs is one replacement

/** Replacements, in order, that make `old` into `text`: of as few lines as can be, and of those what differs. */
export function replacements(old: string, text: string): Replacement[] {
  if (old === text) return [];
  const a = lines(old);
  const b = lines(text);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const middle = runs(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const starts = offsets(a);
  return middle.map(([from, to, inserted]) => trimmed(old, starts[head + from]!, starts[head + to]!, inserted.join("")));
}

/** A replacement without what stays at its ends, so that a cursor there stays too. */
function trimmed(old: string, from: number, to: number, insert: string): Replacement {
  let head = 0;
  const most = Math.min(to - from, insert.length);
  while (head < most && old[from + head] === insert[head]) head += 1;
  let tail = 0;
  while (tail < most - head && old[to - 1 - tail] === insert[insert.length - 1 - tail]) tail += 1;
  return { from: from + head, to: to - tail, insert: insert.slice(head, insert.length - tail) };
}

/** A text as lines, each with its break. */
function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function offsets(all: string[]): number[] {
  const found = [0];
  for (const line of all) found.push(found[found.length - 1]! + line.length);
  return found;
}

type Run = [from: number, to: number, inserted: string[]];

/** Runs of lines that differ: the shortest script by the greedy search over diagonals (Myers, 1986). */
function runs(a: string[], b: string[]): Run[] {
  const whole: Run[] = [[0, a.length, b]];
  if (a.length === 0 || b.length === 0) return whole;
  const trace: Map<number, number>[] = [];
  let reached = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= MOST; edits += 1) {
    trace.push(new Map(reached));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const below = isBelow(reached, diagonal, edits);
      let x = below ? (reached.get(diagonal + 1) ?? 0) : (reached.get(diagonal - 1) ?? 0) + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1;
      reached.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return walked(trace, a.length, b);
    }
    reached = new Map(reached);
  }
  return whole;
}

/** Whether a path comes to a diagonal from the one above it, by a line that is inserted. */
function isBelow(reached: Map<number, number>, diagonal: number, edits: number): boolean {
  const [left, right] = [reached.get(diagonal - 1) ?? -1, reached.get(diagonal + 1) ?? -1];
  return diagonal === -edits || (diagonal !== edits && left < right);
}

/** The runs along the path that the search found, back from the ends. */
function walked(trace: Map<number, number>[], length: number, b: string[]): Run[] {
  const found: Run[] = [];
  let x = length;
  let y = b.length;
  for (let edits = trace.length - 1; edits > 0; edits -= 1) {
    const reached = trace[edits]!;
    const diagonal = x - y;
    const below = isBelow(reached, diagonal, edits);
    const before = below ? diagonal + 1 : diagonal - 1;
    const startX = reached.get(before) ?? 0;
    const startY = startX - before;
    join(found, below ? [startX, startX, [b[startY]!]] : [startX, startX + 1, []]);
    x = startX;
    y = startY;
  }
  return found.reverse();
}

/** Add a run before those found so far; one that touches the last becomes part of it. */
function join(found: Run[], run: Run): void {
  const next = found[found.length - 1];
  if (next !== undefined && run[1] === next[0]) found[found.length - 1] = [run[0], next[1], [...run[2], ...next[2]]];
  else found.push(run);
}
