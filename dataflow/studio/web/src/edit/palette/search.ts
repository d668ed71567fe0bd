/** Blocks by words, ranked as `dataflow blocks` ranks them; after those, blocks that have the letters in order. */
import { beginsWord, fitName } from "../fuzzy";

/** What is searched of a block, or of a graph file that serves as one. */
export interface Searched {
  name: string;
  aliases: string[];
  words: string[];
  category: string;
  summary: string;
}

export interface Found<T> {
  entry: T;
  at: number[]; // the letters of the name that fit
}

interface Ranked {
  rank: number;
  at: number[];
}

type Order<T> = (a: T, b: T) => number;

const shorter: Order<Searched> = ({ name: a }, { name: b }) => a.length - b.length || (a < b ? -1 : 1);

/** The entries that fit every word, the best first, of those that fit alike by `order`; all as given where there is no word. */
export function search<T extends Searched>(entries: readonly T[], query: string, order: Order<T> = shorter): Found<T>[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries.map((entry) => ({ entry, at: [] }));
  const ranked = entries.flatMap((entry) => {
    const fit = whole(entry, words);
    return fit ? [{ entry, ...fit }] : [];
  });
  ranked.sort((a, b) => a.rank - b.rank || order(a.entry, b.entry));
  return ranked.map(({ entry, at }) => ({ entry, at }));
}

function whole(entry: Searched, words: string[]): Ranked | null {
  const together = fit(entry, words.join(" "));
  if (words.length === 1 || (together !== null && together.rank <= 1)) return together;
  const each = words.map((word) => fit(entry, word));
  if (!each.every((found) => found !== null)) return null;
  const ranks = each.map((found) => found.rank);
  return { rank: Math.max(...ranks), at: each.flatMap((found) => found.at) };
}

function fit(entry: Searched, words: string): Ranked | null {
  const name = best(entry, words.replaceAll(" ", ""));
  const terms = entry.words.map((term) => term.toLowerCase());
  if (name?.rank === 0) return name;
  if (terms.includes(words)) return { rank: 1, at: [] };
  if (name !== null && name.rank <= 3) return { ...name, rank: name.rank + 1 };
  if (terms.some((term) => term.includes(words))) return { rank: 5, at: [] };
  if (beginsWord(words, entry.summary) || beginsWord(words, entry.category)) return { rank: 6, at: [] };
  return name && { ...name, rank: name.rank + 3 };
}

/** The best fit of the name or an alias; the letters of an alias are not those of the name. */
function best(entry: Searched, word: string): Ranked | null {
  const own = fitName(word, entry.name);
  const others = entry.aliases.map((alias) => fitName(word, alias)).filter((found) => found !== null);
  const other = others.sort((a, b) => a.rank - b.rank)[0];
  return other !== undefined && (own === null || other.rank < own.rank) ? { rank: other.rank, at: [] } : own;
}
