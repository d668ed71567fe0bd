/** What is told of a port where the mouse rests on it: its type, what the block says of it, and how to use it. */
import { get } from "../store";
import type { End } from "./state";

export function tip({ card, port, side }: End): string {
  const { document, blocks } = get();
  const node = document?.nodes[card];
  if (document === null || node === undefined) return port;
  const block = blocks.find(({ name, aliases }) => name === node.block || aliases.includes(node.block));
  const base = port.replace(/\[\d+\]$/, ""); // of an item of a list
  const ports = side === "left" ? block?.inputs : block?.outputs;
  const about = ports?.find(({ name }) => name === base);
  const type = (side === "left" ? node.inputs : node.outputs)[port]?.type || about?.type || "";
  const help = side === "left" ? "Drag to take the wire off, or to draw one" : "Drag to draw a wire";
  return [`${port}${type === "" ? "" : `: ${type}`}`, about?.doc ?? "", ...(document.readonly === "" ? [help] : [])]
    .filter((line) => line !== "")
    .join("\n");
}
