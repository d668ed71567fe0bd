/** How large a card's name can be written in it when nothing else of the card can be read. */

const LETTER = 0.7; // width of a bold letter for each pixel of its size, in the widest of the fonts
const LINE = 1.2; // of the size
const MARGIN = 12;

/** The name in one or two lines, broken where its parts meet, and the size of letters that fills the card. */
export function filling(name: string, width: number, height: number): { lines: string[]; size: number } {
  const [w, h] = [width - 2 * MARGIN, height - 2 * MARGIN];
  const size = (lines: string[]) =>
    Math.min(w / (LETTER * Math.max(...lines.map((line) => line.length), 1)), h / (LINE * lines.length));
  let best = { lines: [name], size: size([name]) };
  for (const { index } of name.matchAll(/(?<=[^_/.-][_/.-]+)(?=[^_/.-])|(?<=[a-z])(?=[A-Z])/g)) {
    const lines = [name.slice(0, index), name.slice(index)];
    if (size(lines) > best.size) best = { lines, size: size(lines) };
  }
  return { lines: best.lines, size: Math.floor(best.size) };
}
