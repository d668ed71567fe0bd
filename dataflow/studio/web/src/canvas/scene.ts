/** Finding one's way in the scene and the document: by id, along wires, from value to port. */
import type { Card, Document, LeftPort, Scene, Wire } from "../protocol";
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

type Known = Pick<Document, "scene" | "nodes">;

/** The input that a chip stands on. */
export const fed = ({ scene }: Pick<Known, "scene">, { card, port }: End): LeftPort | undefined =>
  cardsById(scene).get(card)?.lefts.find(({ name }) => name === port);

/** Whether the chip of a port shows a node that has no card of its own. */
export const isFolded = (port: LeftPort | undefined): boolean => port?.chip?.kind === "variable" || port?.chip?.kind === "constant";

/** Where the value comes from that a wire would bring: of a chip the output that it stands for. */
export function origin(known: Known, end: End): End {
  if (end.side !== "chip") return end;
  const [card = "", port] = fed(known, end)?.wire.split(".") ?? [];
  const outputs = known.nodes[card]?.outputs;
  return { card, port: port ?? Object.keys(outputs ?? {})[0] ?? cardsById(known.scene).get(card)?.rights[0]?.name ?? "", side: "right" };
}

/** The type of what an output gives; "" where it is not known. */
export const typeAt = ({ scene, nodes }: Known, { card, port }: End): string =>
  cardsById(scene).get(card)?.rights.find(({ name }) => name === port)?.type ?? nodes[card]?.outputs[port]?.type ?? "";

/** A port as the file names it in a wire: the first output of a node needs no name. */
export function wireText(node: string, port: string, { nodes }: Pick<Known, "nodes">): string {
  const outputs = Object.keys(nodes[node]?.outputs ?? {});
  return outputs.length === 0 || outputs[0] === port ? node : `${node}.${port}`;
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
