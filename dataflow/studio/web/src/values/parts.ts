/** The curves of one value: its own, or one for each of its few elements, which are called "w[0, 1]". */
import type { Trend } from "../protocol";
import type { Named } from "./Curves";

const ELEMENT = /^(.*)(\[[\d, ]+\])$/;

/** What a curve is called apart from the element that it is of, and that element, "[0, 1]"; "" for a whole value. */
export function split(name: string): [whole: string, element: string] {
  const found = ELEMENT.exec(name);
  return found === null ? [name, ""] : [found[1]!, found[2]!];
}

/** The curves of a value by its name, each called by its element, or as is said where it is one number. */
export function partsOf(trends: Record<string, Trend>, name: string, whole = "value"): Named[] {
  return Object.entries(trends).flatMap(([each, trend]) => {
    const [of, element] = split(each);
    return of === name ? [{ name: element || whole, trend }] : [];
  });
}
