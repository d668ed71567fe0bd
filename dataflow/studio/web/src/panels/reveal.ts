/** Show a node of the whole graph on the canvas: select its card, or the card of the sub-graph that holds it. */
import { get, set } from "../store";

/** The card that stands for a node: its own, that of the sub-graph it is in, or the one it is folded into. */
export function cardOf(node: string): string {
  const { document } = get();
  if (document === null) return "";
  const scope = document.view.scope === "" ? "" : `${document.view.scope}/`;
  if (!node.startsWith(scope)) return "";
  const name = node.slice(scope.length).split("/")[0]!;
  const cards = document.scene.cards;
  return (cards.find((card) => card.id === name) ?? cards.find((card) => card.folded.includes(name)))?.id ?? "";
}

export function reveal(node: string): void {
  const card = cardOf(node);
  if (card !== "") set({ selected: [card], focused: null });
}
