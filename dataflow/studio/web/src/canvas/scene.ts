/** Finding one's way in the scene and the document: by id, along wires, from value to port. */
import type { Card, Document, Scene, Wire } from "../protocol";
import type { End } from "./state";

const cards = new WeakMap<readonly Card[], Map<string, Card>>();

export function cardsById({ cards: list }: Pick<Scene, "cards">): Map<string, Card> {
  let known = cards.get(list);
  if (known === undefined) cards.set(list, (known = new Map(list.map((card) => [card.id, card]))));
  return known;
}

/** The value that a wire brings. */
export const sourceOf = (wire: Wire, source: Card): string =>
  source.rights.find(({ name }) => name === wire.source[1])?.value_of ?? "";

/** The card of a node, or the card that it is drawn in. */
export function cardOf(scene: Pick<Scene, "cards">, node: string): Card | undefined {
  return cardsById(scene).get(node) ?? scene.cards.find(({ folded }) => folded.includes(node));
}

const types = new WeakMap<readonly Card[], Map<string, string>>();

/** The type of a value that a card of the scene gives; "" where it is not known. */
export function typeOf({ cards: list }: Pick<Scene, "cards">, value: string): string {
  let known = types.get(list);
  if (known === undefined)
    types.set(list, (known = new Map(list.flatMap(({ rights }) => rights.map(({ value_of, type }) => [value_of, type])))));
  return known.get(value) ?? "";
}

/** The ports that a value goes to, in the order of the scene. */
export function readersOf(scene: Pick<Scene, "cards">, value: string): End[] {
  if (value === "") return [];
  return scene.cards.flatMap((card) =>
    card.lefts
      .filter((port) => port.value_of === value)
      .map((port): End => ({ card: card.id, port: port.name, side: "left" })),
  );
}

/** The port that a value comes from, if it has a card. */
export function originOf(scene: Pick<Scene, "cards">, value: string): End | undefined {
  if (value === "") return undefined;
  for (const card of scene.cards)
    for (const port of card.rights)
      if (port.value_of === value) return { card: card.id, port: port.name, side: "right" };
  return undefined;
}

/** A port as the file names it in a wire: the first output of a node needs no name. */
export function wireText(card: Pick<Card, "id" | "kind" | "rights">, port: string): string {
  return card.kind === "input" || card.rights[0]?.name === port ? card.id : `${card.id}.${port}`;
}

/** The nodes that depend on a node, itself included. */
export function descendants(nodes: Document["nodes"], name: string): Set<string> {
  const found = new Set([name]);
  const waiting = [name];
  while (waiting.length > 0)
    for (const output of Object.values(nodes[waiting.pop()!]?.outputs ?? {}))
      for (const reader of output.readers) {
        const [node] = reader.split(".") as [string];
        if (!found.has(node)) {
          found.add(node);
          waiting.push(node);
        }
      }
  return found;
}
