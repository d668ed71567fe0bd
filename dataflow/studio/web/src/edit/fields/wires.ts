/** What fields suggest: wires, parameters, dtypes. */
import type { BlockInfo, Document } from "../../protocol";
import type { Suggestion } from "./Combo";

/** The wires that a file can have at a port: names of nodes and inputs, and of further outputs. */
export function wires(document: Document, but = ""): Suggestion[] {
  const nodes = Object.values(document.nodes).filter(({ name }) => name !== but);
  return [
    ...Object.entries(document.inputs).map(([text, { type }]) => ({ text, detail: type })),
    ...nodes.flatMap(({ name, outputs }) =>
      Object.entries(outputs).map(([port, { type }], i) => ({ text: i === 0 ? name : `${name}.${port}`, detail: type })),
    ),
  ];
}

/** What the documentation of a block has on an input that must be known before the run. */
export function examples(input: BlockInfo["inputs"][number] | null | undefined): Suggestion[] {
  return input?.example ? [{ text: input.example, detail: "as in its example" }] : [];
}

/** The parameters, as values that refer to them. */
export function params(document: Document): Suggestion[] {
  return Object.entries(document.params).map(([name, { value }]) => ({ text: `$${name}`, detail: JSON.stringify(value) }));
}

/** Every dtype that a block takes or gives. */
export function everyDtype(blocks: BlockInfo[]): Suggestion[] {
  const ports = blocks.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  return [...new Set(ports.flatMap(({ dtypes }) => dtypes))].map((text) => ({ text }));
}
