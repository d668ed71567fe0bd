/** Edits as a person makes them: each one step of undo, with a title that says what it did. */
import { edit, editAt } from "../changes";
import type { Document, Edit } from "../protocol";
import { get } from "../store";

export { edit, editAt };

/** Put a text at a place of the file; without letters, take away what stands there. */
export function setText(title: string, place: string, text: string): Promise<string[]> {
  const value = text.trim();
  return edit(title, value === "" ? { op: "remove", place } : { op: "set", place, value });
}

/** Once the page is drawn anew. */
export function drawn(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
}

/** Whether what is open can be edited. */
export function editable(): boolean {
  const { document } = get();
  return document !== null && document.readonly === "";
}

/** The selected cards that are nodes. */
export function chosenNodes(): string[] {
  const { document, selected } = get();
  return document === null ? [] : selected.filter((id) => id in document.nodes);
}

/** Delete cards: nodes and inputs with the wires to them, outputs by themselves. */
export function deletion(cards: string[], reconnect: boolean): Edit[] {
  const outputs = cards.filter((id) => id.startsWith("output:"));
  const names = cards.filter((id) => !id.startsWith("output:"));
  return [
    ...outputs.map((id): Edit => ({ op: "remove", place: `outputs.${id.slice("output:".length)}` })),
    ...(names.length > 0 ? [{ op: "delete", names, reconnect } satisfies Edit] : []),
  ];
}

/** Where the edits of a card's name stand in the file. */
export function placeOf(card: string, document: Document): string {
  if (card.startsWith("output:")) return `outputs.${card.slice("output:".length)}`;
  return card in document.inputs ? `inputs.${card}` : `nodes.${card}`;
}

/** The name of a card in the file: that of an output without what tells it from a node. */
export function nameOf(card: string): string {
  return card.startsWith("output:") ? card.slice("output:".length) : card;
}

/** A name that nothing in the file has: `wanted`, or with the next number. */
export function free(wanted: string, { nodes, inputs }: Pick<Document, "nodes" | "inputs">): string {
  return unlike(wanted, nodes, inputs);
}

/** A name that none of these has as a key: `wanted`, or with the next number. */
export function unlike(wanted: string, ...taken: object[]): string {
  const stem = wanted.replace(/\d+$/, "");
  let name = wanted;
  for (let number = 2; taken.some((names) => name in names); number += 1) name = `${stem}${number}`;
  return name;
}
