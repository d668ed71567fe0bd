/** Ports of cards and the values on them. */
import type { Card, Document, Stats } from "../protocol";
import type { State } from "../store";
import { useStudio } from "../store";

export interface Port {
  key: string; // by it values come: "conv1/act.activations"
  label: string; // "input", "output"; "accuracy" of an output of the graph
  side: "left" | "right";
  type: string;
}

/** The ports of a card that have or may have a value, outputs first. */
export function portsOf(card: Card): Port[] {
  const rights = card.rights.map(({ name, type, value_of: key }): Port => ({ key, label: name, side: "right", type }));
  const lefts = card.lefts.map(({ name, value_of: key }): Port => ({ key, label: name, side: "left", type: "" }));
  return [...rights, ...lefts].filter((port) => port.key !== "");
}

/** What the outputs of the graph come from, by the run; before one, by the picture. */
export function outputsOf(document: Document, found: Record<string, string> = {}): Port[] {
  const known = document.view.scope === "" ? Object.entries(found) : []; // those of a run are of the whole graph
  const drawn = document.scene.cards
    .filter((card) => card.kind === "output")
    .flatMap((card) => card.lefts.map((left): [string, string] => [card.name, left.value_of]));
  return (known.length > 0 ? known : drawn)
    .filter(([, key]) => key !== "")
    .map(([label, key]) => ({ key, label, side: "right", type: "" }));
}

const live = ({ training }: State, key: string): Stats | undefined =>
  training?.state === "running" || training?.state === "paused" ? training.values[key] : undefined;

/** What is known of the value on a port: while a training watches it that of a step not long ago, else that of the run. */
export const useStats = (key: string): Stats | undefined => useStudio((state) => live(state, key) ?? state.run?.values[key]);

const sets = new WeakMap<string[], Set<string>>();

/** Whether what a run told of a node is of another graph, or another session, than there is now. */
export function isOld({ run }: State, node: string): boolean {
  if (run === null) return false;
  let set = sets.get(run.old);
  if (set === undefined) sets.set(run.old, (set = new Set(run.old)));
  return set.has(node);
}

/** The same of the value that is shown on a port. */
export const useOld = (key: string): boolean =>
  useStudio((state) => live(state, key) === undefined && isOld(state, key.slice(0, key.lastIndexOf("."))));
