/** What becomes of nodes in a run, gathered for a list. */
import type { Fate, NodeFate } from "../protocol";

export interface Group {
  fate: Fate;
  title: string; // "12 run", "3 kept"
  nodes: { name: string; because: string; seconds: number | null; estimated: boolean }[];
}

const WORDS: [Fate, string][] = [
  ["run", "run"],
  ["kept", "kept from the last run"],
  ["bypassed", "bypassed"],
  ["frozen", "frozen"],
  ["fed", "fed"],
  ["constant", "constant"],
  ["same", "the same as another"],
  ["view", "views of other values"],
  ["unneeded", "not needed"],
];

/** Groups in the order of what matters, those without nodes left out; within one the slowest first. */
export function groups(nodes: Record<string, NodeFate>): Group[] {
  return WORDS.flatMap(([fate, words]) => {
    const those = Object.entries(nodes)
      .filter(([, node]) => node.fate === fate)
      .map(([name, { because, seconds, estimated }]) => ({ name, because, seconds, estimated }))
      .sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0));
    return those.length === 0 ? [] : [{ fate, title: `${those.length} ${words}`, nodes: those }];
  });
}
