/** Which lines of the text are about which card. */
import type { Text } from "@codemirror/state";
import type { Document } from "../protocol";

type Known = Pick<Document, "nodes" | "inputs" | "outputs">;

interface Starts {
  order: [card: string, line: number][];
  byCard: Map<string, number>;
}

const kept = new WeakMap<Known, Starts>();

/** Cards with the line on which each begins, in the order of the file; of a document they are sought once. */
function starts(known: Known): Starts {
  const before = kept.get(known);
  if (before !== undefined) return before;
  const { nodes, inputs, outputs } = known;
  const found: [string, number][] = [
    ...Object.values(nodes).map(({ name, line }): [string, number] => [name, line]),
    ...Object.entries(inputs).map(([name, { line }]): [string, number] => [name, line]),
    ...Object.entries(outputs).map(([name, { line }]): [string, number] => [`output:${name}`, line]),
  ];
  const order = found.filter(([, line]) => line > 0).sort((a, b) => a[1] - b[1]);
  const made = { order, byCard: new Map(order) };
  kept.set(known, made);
  return made;
}

/** The lines of a card, from 1, the last included; null where the text has none. */
export function linesOf(known: Known, doc: Text, card: string): [first: number, last: number] | null {
  const first = starts(known).byCard.get(card);
  if (first === undefined || first > doc.lines) return null;
  const indent = indentOf(doc.line(first).text);
  let last = first;
  for (let number = first + 1; number <= doc.lines; number += 1) {
    const { text } = doc.line(number);
    if (text.trim() === "") continue;
    if (indentOf(text) <= indent) break;
    last = number;
  }
  return [first, last];
}

/** The card that a line is about; null for lines between. */
export function nodeAt(known: Known, doc: Text, line: number): string | null {
  const [card] = starts(known).order.findLast(([, first]) => first <= line) ?? [null];
  if (card === null) return null;
  const lines = linesOf(known, doc, card);
  return lines !== null && line <= lines[1] ? card : null;
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}
