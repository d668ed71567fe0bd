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

/** What is known of the value on a port: while a training watches it that of a step not long ago, else that of the run. */
export const useStats = (key: string): Stats | undefined =>
  useStudio((state) => {
    const watched = state.training?.state === "running" ? state.training.values[key] : undefined;
    return watched ?? state.run?.values[key];
  });

/** Whether the values shown are of a run before the last edit. */
export const stale = (state: State): boolean =>
  state.run !== null && state.run.state !== "none" && state.document !== null && state.run.version !== state.document.version;
