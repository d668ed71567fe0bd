/** What is typed for an input of a node: a wire, a literal, or nothing. */
import { setCanvas } from "../canvas/state";
import { refuse } from "../canvas/wire";
import { Refused } from "../connection";
import { edit } from "./edits";
import { parsed } from "./plain";

/** The place of an input in the file; an item of a list is "values[1]" on the port and "values.1" in the file. */
export function placeOfInput(node: string, port: string): string {
  return `nodes.${node}.inputs.${port.replace(/\[(\d+)\]$/, ".$1")}`;
}

/** Whether a port is an item of a list on a port. */
export const isItem = (port: string): boolean => /\[\d+\]$/.test(port);

/** Write what is typed; where a wire is refused, what would make it right is offered at its port, as of one that is drawn. */
export async function setInput(node: string, port: string, text: string): Promise<void> {
  const place = placeOfInput(node, port);
  const value = parsed(text);
  if (text.trim() !== "")
    try {
      await edit(`Set ${node}.${port}`, { op: "set", place, value });
    } catch (error) {
      const end = { card: node, port, side: "left" } as const;
      const wire = error instanceof Refused && typeof value === "string" && !isItem(port); // mends add to a list
      if (!wire || !(await refuse(end, value, end, error.refusal))) setCanvas({ refused: null });
      throw error;
    }
  else if (isItem(port)) await edit(`Remove ${node}.${port}`, { op: "remove", place });
  else await edit(`Unwire ${node}.${port}`, { op: "wire", target: [node, port], source: "" });
}

/** Add an item to the list on a port. */
export async function appendInput(node: string, port: string, text: string): Promise<void> {
  if (text.trim() === "") return;
  await edit(`Add to ${node}.${port}`, { op: "append", place: placeOfInput(node, port), value: parsed(text) });
}
