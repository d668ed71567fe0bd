/** How many rows there are, and how many are asked for. */
import { count } from "../values/format";

export const MADE_UP = "made-up numbers"; // what runs are fed without data
const USUAL = 1000; // rows of a run that is told no number

/** How many rows a run takes that is told no number: "1,000 of 1,437". */
export function usually(rows: number | null): string {
  if (rows === null) return count(USUAL);
  return rows <= USUAL ? `all ${count(rows)}` : `${count(USUAL)} of ${count(rows)}`;
}

/** A split by its name, with its rows where the headers of its files tell them. */
export const withRows = (name: string, rows: number | null): string => (rows === null ? name : `${name} (${count(rows)} rows)`);

/** The rows that are asked for: no more than there are; null for as many as is usual. Throws with what it must be. */
export function rowsIn(text: string, most: number | null): number | null {
  const typed = text.replaceAll(",", "").trim();
  if (typed === "") return null;
  if (!/^[1-9]\d*$/.test(typed)) throw new Error(`rows: must be a whole number from 1, got ${text.trim()}`);
  return Math.min(Number(typed), most ?? Infinity);
}
