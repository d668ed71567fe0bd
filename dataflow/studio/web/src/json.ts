/** JSON that tells 1.0 from 1: scripts have one kind of numbers, graph files have two. */

const MARK = "\u0001float ";
const MARKED = /"\\u0001float ([^"]+)"/g;

/** A whole number, less than 1e21, that was written with a point or an exponent, so that it stays of a float dtype. */
export class Float extends Number {
  override toString(): string {
    return Object.is(Number(this), -0) ? "-0.0" : `${String(Number(this))}.0`;
  }

  toJSON(): string {
    return MARK + this.toString();
  }
}

export function json(value: unknown): string {
  return JSON.stringify(value).replace(MARKED, "$1");
}
