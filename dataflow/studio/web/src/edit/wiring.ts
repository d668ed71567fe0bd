/** Wires: made where they fit; where not, the reason is told and mends are offered, each by one key. */
import { perform } from "../commands";
import { ask } from "../connection";
import { announce, get } from "../store";
import { edit, wireText } from "./edits";
import { editing, useEditing } from "./state";

/** Wire an output to an input; refused wires leave the file as it is. */
export async function connectPorts(source: [node: string, port: string], target: [node: string, port: string]): Promise<boolean> {
  const { document } = get();
  if (document === null) return false;
  const text = wireText(...source, document);
  const { refused, mends } = await ask("try_wire", { source: text, target });
  if (refused !== null) {
    announce(`Refused: ${refused.message}`);
    editing({ offer: { source: text, target, refusal: refused, mends } });
    return false;
  }
  await edit(`Wire ${text} to ${target.join(".")}`, { op: "wire", target, source: text });
  return true;
}

/** Take the wire, or the literal, from an input. */
export async function unwire(target: [node: string, port: string]): Promise<void> {
  await edit(`Unwire ${target.join(".")}`, { op: "wire", target, source: "" });
}

/** Do one of the mends that are offered. */
export function mend(number: number): void {
  const { offer } = useEditing.getState();
  const chosen = offer?.mends[number];
  editing({ offer: null });
  if (chosen !== undefined) void perform(() => edit(chosen.title, ...chosen.edits));
}
