/** How well values are kept by quantization, in grades that a legend can tell. */
import type { Card, Stats } from "../protocol";

export const GRADES = [
  { least: -Infinity, words: "below 10" },
  { least: 10, words: "10 to 20" },
  { least: 20, words: "20 to 30" },
  { least: 30, words: "30 to 40" },
  { least: 40, words: "40 dB and more" },
];

export const NO_VALUES: Record<string, Stats> = {};

/** The class of a grade, which has its colour; "" where nothing is known. */
export const grade = (sqnr: number | null | undefined): string =>
  sqnr === null || sqnr === undefined ? "" : `grade-${GRADES.findLastIndex(({ least }) => sqnr >= least)}`;

/** The lowest SQNR of what a card gives; null where none is known. */
export function worst(card: Card, values: Record<string, Stats>): number | null {
  const found = card.rights.flatMap((port) => values[port.value_of]?.quality?.sqnr ?? values[port.value_of]?.sqnr ?? []);
  return found.length === 0 ? null : Math.min(...found);
}
