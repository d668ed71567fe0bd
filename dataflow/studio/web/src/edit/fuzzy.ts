/** How well a word fits a text: by whole names, by parts of names, by letters in order. */

/** A fit; the less the better. `at`: places of the letters in the text, to show them strong. */
export interface Fit {
  rank: number;
  at: number[];
}

const PARTS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g; // of a name such as Conv2DBackpropInput

const LOOSE = 0.45; // with more of the letters here and there, a fit is chance

/** Where the parts of a name begin: 0, 4, 5, 6, 14 of Conv2DBackpropInput. */
export function beginnings(name: string): number[] {
  return [...name.matchAll(PARTS)].map((part) => part.index);
}

/** The fit of a word without blanks to a name: the whole, its beginning, a part, within, letters in order; else null. */
export function fitName(word: string, name: string): Fit | null {
  const wanted = word.toLowerCase();
  const text = name.toLowerCase();
  if (wanted === "") return { rank: 0, at: [] };
  const at = text.indexOf(wanted);
  const starts = beginnings(name);
  if (text === wanted) return { rank: 0, at: range(0, text.length) };
  if (at === 0) return { rank: 1, at: range(0, wanted.length) };
  const start = starts.find((each) => text.startsWith(wanted, each));
  if (start !== undefined) return { rank: 2, at: range(start, wanted.length) };
  if (at > 0) return { rank: 3, at: range(at, wanted.length) };
  const letters = inOrder(wanted, text, starts);
  const loose = letters ? looseness(letters, starts) : 1;
  return letters && loose < LOOSE ? { rank: 4 + loose, at: letters } : null;
}

/** Whether a word begins a word of a text. */
export function beginsWord(word: string, text: string): boolean {
  const wanted = word.toLowerCase();
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .some((each) => each.startsWith(wanted));
}

/** The letters of a word in the order of a text, at beginnings of its parts where they can be; null where they are not there. */
function inOrder(wanted: string, text: string, starts: number[]): number[] | null {
  return search(0, 0, true) ?? search(0, 0, false);

  function search(letter: number, from: number, atParts: boolean): number[] | null {
    if (letter === wanted.length) return [];
    const places = atParts
      ? [from, ...starts.filter((start) => start > from)].filter((place) => text[place] === wanted[letter])
      : [text.indexOf(wanted[letter]!, from)].filter((place) => place >= 0);
    for (const place of places) {
      const rest = search(letter + 1, place + 1, atParts);
      if (rest !== null) return [place, ...rest];
    }
    return null;
  }
}

/** From 0 to 1: how many of the letters stand neither at the beginning of a part nor behind the one before. */
function looseness(at: number[], starts: number[]): number {
  const loose = at.filter((place, i) => !starts.includes(place) && place !== at[i - 1]! + 1);
  return loose.length / (at.length + 1);
}

function range(from: number, length: number): number[] {
  return Array.from({ length }, (_, i) => from + i);
}
