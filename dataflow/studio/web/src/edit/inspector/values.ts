/** What is typed for an attr: read as its type wants it, and held against its limits before the server is asked. */
import { Float } from "../../json";
import type { BlockInfo, Plain } from "../../protocol";
import { parsed, spelled } from "../plain";

export type AttrInfo = BlockInfo["attrs"][number];
export type Limits = Pick<AttrInfo, "type" | "min" | "max">;

const WHOLE = /^[-+]?\d+$/;
const ENDLESS = /^(\.nan|[-+]?\.inf)$/i; // which are texts in JSON

/** The value that a text is for an attr; throws with what it must be. Parameters stay as they are named. */
export function read(text: string, info: Limits | null): Plain {
  const trimmed = text.trim();
  const several = info?.type === "Shape" || info?.type === "Ints";
  if (several && (/^[^[].*,/.test(trimmed) || (info.type === "Shape" && WHOLE.test(trimmed)))) return read(`[${trimmed}]`, info);
  if (trimmed.startsWith("$") || info === null) return info === null ? parsed(trimmed) : trimmed;
  if (info.type === "str" || info.type === "Dtype") return trimmed;
  const value = parsed(trimmed);
  if (info.type === "int" && !(typeof value === "number" && WHOLE.test(trimmed))) throw new Error("must be a whole number");
  if (info.type === "float" && !numeric(value) && !ENDLESS.test(trimmed)) throw new Error("must be a number, such as 0.5, .inf or .nan");
  if (info.type === "bool" && typeof value !== "boolean") throw new Error("must be true or false");
  if (info.type === "Shape" && value !== null && !Array.isArray(value)) throw new Error("must be a list, such as [32, 10]");
  if (info.type === "Ints" && ![value].flat().every(Number.isInteger)) throw new Error("must be a list of whole numbers");
  const off = [value].flat().find((each) => numeric(each) && !within(Number(each), info));
  if (off !== undefined) throw new Error(`must be ${limits(info)}, got ${String(off)}`);
  return value;
}

const numeric = (value: Plain): boolean => typeof value === "number" || value instanceof Float;

function within(value: number, { min, max }: Limits): boolean {
  return (min === null || value >= min) && (max === null || value <= max);
}

/** "between 2 and 16", "at least 0", or nothing. */
export function limits({ min, max }: Limits): string {
  if (min === null) return max === null ? "" : `at most ${max}`;
  return max === null ? `at least ${min}` : `between ${min} and ${max}`;
}

/** A whole number one greater or less, within the limits; null for anything else. */
export function stepped(text: string, by: 1 | -1, info: Limits): string | null {
  if (info.type !== "int" || !WHOLE.test(text.trim())) return null;
  const next = Number(text) + by;
  return within(next, info) ? String(next) : null;
}

const KINDS: Record<string, string> = {
  int: "a whole number",
  float: "a number",
  bool: "true or false",
  str: "text",
  Dtype: "a dtype",
  Ints: "whole numbers",
  Shape: "sizes and names of dims",
  Tensor: "a number or a list of numbers",
};

/** What a field says while it is empty: its default, what follows from wires, or what must be given. */
export function placeholder({ required, type, default: usual }: AttrInfo, value: Plain): string {
  if (required) return value === null ? kind(type) : spelled(value);
  return usual === null ? "none" : spelled(usual);
}

export const kind = (type: string): string => KINDS[type] ?? (type || "a value");
