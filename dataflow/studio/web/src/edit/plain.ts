/** Values as people type them into a field, and as fields show them: the one-line YAML of numbers, text and lists. */
import { Float } from "../json";
import type { Plain } from "../protocol";

const NUMBER = /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/;
const WORDS: Record<string, Plain> = { true: true, false: false, null: null, "~": null };

/** What a text means: a number, true, null, a list, a mapping, or else text; throws with what is wrong. */
export function parsed(text: string): Plain {
  const reader = new Reader(text);
  const value = reader.value("");
  reader.end();
  return value;
}

/** The text that stands for a value: `parsed` of it is the value. */
export function spelled(value: Plain): string {
  if (value === null) return "null";
  if (value instanceof Float) return value.toString();
  if (Array.isArray(value)) return `[${value.map(spelled).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value).map(([key, each]) => `${spelled(key)}: ${spelled(each)}`).join(", ")}}`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "boolean") return String(value);
  return isBare(value) ? value : JSON.stringify(value);
}

/** Whether a text stands for itself, without quotes. */
function isBare(text: string): boolean {
  return text !== "" && text.trim() === text && !/^["'[\]{},#&*!|>%@`]|[[\]{},"\n]|: |:$| #/.test(text) && scalar(text) === text;
}

function scalar(text: string): Plain {
  const word = WORDS[text.toLowerCase()];
  if (word !== undefined) return word;
  if (!NUMBER.test(text)) return text;
  const value = Number(text);
  // to Plain a float is a number: it is one once it is sent
  return /[.e]/i.test(text) && /^-?\d+$/.test(String(value)) ? (new Float(value) as unknown as Plain) : value;
}

class Reader {
  private at = 0;
  constructor(private readonly text: string) {}

  /** The value that begins here; bare text ends before one of `stops`. */
  value(stops: string): Plain {
    this.blanks();
    const first = this.text[this.at];
    if (first === "[") return this.list();
    if (first === "{") return this.mapping();
    if (first === '"' || first === "'") return this.quoted(first);
    const start = this.at;
    while (this.at < this.text.length && !stops.includes(this.text[this.at]!) && !this.atColon(stops)) this.at += 1;
    return scalar(this.text.slice(start, this.at).trim());
  }

  end(): void {
    this.blanks();
    if (this.at < this.text.length) throw new Error(`'${this.text.slice(this.at)}' stands behind the value`);
  }

  private list(): Plain {
    const items: Plain[] = [];
    for (this.at += 1; !this.closed("]"); this.comma("]")) items.push(this.value(",]"));
    return items;
  }

  private mapping(): Plain {
    const entries: [string, Plain][] = [];
    for (this.at += 1; !this.closed("}"); this.comma("}")) {
      const key = this.value(":,}");
      this.blanks();
      if (this.text[this.at] !== ":") throw new Error(`':' is missing behind the key '${String(key)}'`);
      this.at += 1;
      entries.push([String(key), this.value(",}")]);
    }
    return Object.fromEntries(entries);
  }

  private quoted(quote: string): Plain {
    const start = this.at;
    for (this.at += 1; this.text[this.at] !== quote || this.doubled(quote); this.at += 1) {
      if (this.at >= this.text.length) throw new Error(`the closing ${quote} is missing`);
      if ((quote === '"' && this.text[this.at] === "\\") || this.doubled(quote)) this.at += 1;
    }
    this.at += 1;
    const written = this.text.slice(start, this.at);
    return quote === '"' ? (JSON.parse(written) as string) : written.slice(1, -1).replaceAll("''", "'");
  }

  private doubled(quote: string): boolean {
    return quote === "'" && this.text[this.at] === "'" && this.text[this.at + 1] === "'";
  }

  private atColon(stops: string): boolean {
    return stops.includes(":") && this.text[this.at] === ":";
  }

  private blanks(): void {
    while (/\s/.test(this.text[this.at] ?? "x")) this.at += 1;
  }

  private closed(bracket: string): boolean {
    this.blanks();
    if (this.at >= this.text.length) throw new Error(`the closing ${bracket} is missing`);
    if (this.text[this.at] !== bracket) return false;
    this.at += 1;
    return true;
  }

  private comma(bracket: string): void {
    this.blanks();
    if (this.text[this.at] === ",") this.at += 1;
    else if (this.text[this.at] !== bracket) throw new Error(`',' or '${bracket}' must come behind an item`);
  }
}
