/** What is typed for an input of a node: a wire, a literal, or nothing. */
import { setCanvas } from "../canvas/state";
import { refuse } from "../canvas/wire";
import { Refused } from "../connection";
import type { Edit, Plain } from "../protocol";
import { edit } from "./edits";
import { parsed } from "./plain";

/** An item of a list, "values[1]" on the port, as the file names it: "values.1"; a wire to that takes the place of the one there. */
const asStep = (port: string): string => port.replace(/\[(\d+)\]$/, ".$1");

/** The place of an input in the file. */
const placeOfInput = (node: string, port: string): string => `nodes.${node}.inputs.${asStep(port)}`;

/** Whether a port is an item of a list on a port. */
export const isItem = (port: string): boolean => /\[\d+\]$/.test(port);

/** Write what is typed; see `put` for wires. */
export async function setInput(node: string, port: string, text: string): Promise<void> {
  const place = placeOfInput(node, port);
  const value = parsed(text);
  if (text.trim() !== "") await put(node, port, value, { op: "set", place, value });
  else if (isItem(port)) await edit(`Remove ${node}.${port}`, { op: "remove", place });
  else await edit(`Unwire ${node}.${port}`, { op: "wire", target: [node, port], source: "" });
}

/** Add an item to the list on a port. */
export async function appendInput(node: string, port: string, text: string): Promise<void> {
  if (text.trim() === "") return;
  const value = parsed(text);
  const wire: Edit = typeof value === "string" ? { op: "wire", target: [node, port], source: value } : { op: "append", place: placeOfInput(node, port), value };
  await put(node, port, value, wire);
}

/** Make an edit of an input; where it is a wire that is refused, what would make it right is offered at its port, as of one that is drawn. */
async function put(node: string, port: string, value: Plain, made: Edit): Promise<void> {
  try {
    await edit(`Set ${node}.${port}`, made);
  } catch (error) {
    const end = { card: node, port, side: "left" } as const;
    const wire = error instanceof Refused && typeof value === "string";
    if (!wire || !(await refuse(end, value, { ...end, port: asStep(port) }, error.refusal))) setCanvas({ refused: null });
    throw error;
  }
}
