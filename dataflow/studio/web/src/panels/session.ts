/** What the session does to runs: changes of it, in terms of what is selected on the canvas. */
import { ask } from "../connection";
import type { Plain, Session } from "../protocol";
import { get } from "../store";

export const NOTHING: Session = {
  bypassed: [], frozen: {}, forced: {}, watched: [], split: "", rows: null, params: {}, trained: false,
};

export const session = (): Session => get().session ?? NOTHING;

/** The name of a card's node in the whole graph; the page may show the inside of another node. */
export function fullName(card: string): string {
  const scope = get().document?.view.scope ?? "";
  return scope === "" ? card : `${scope}/${card}`;
}

/** The selected nodes, by their names in the whole graph. */
export function selectedNodes(): string[] {
  const { document, selected } = get();
  const nodes = new Set(document?.scene.cards.filter((card) => card.kind === "node" || card.kind === "graph").map((card) => card.id));
  return selected.filter((id) => nodes.has(id)).map(fullName);
}

/** The port that is meant: the focused one, else the first output of the selected card. */
export function meantPort(): string {
  const { document, focused, selected } = get();
  const card = document?.scene.cards.find((each) => each.id === (focused?.card ?? selected[0]));
  if (card === undefined) return "";
  if (focused === null) return card.rights[0]?.value_of ?? "";
  const ports = focused.side === "right" ? card.rights : card.lefts;
  return ports.find((port) => port.name === focused.port)?.value_of ?? "";
}

export const change = (changed: Partial<Session>): Promise<null> => ask("session", changed);

const toggled = (list: string[], names: string[]): string[] =>
  names.every((name) => list.includes(name)) ? list.filter((name) => !names.includes(name)) : [...new Set([...list, ...names])];

export const without = <T>(from: Record<string, T>, ...names: string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));

export const toggleBypass = (names: string[]) => change({ bypassed: toggled(session().bypassed, names) });
export const toggleWatch = (port: string) => change({ watched: toggled(session().watched, [port]) });

export const freeze = (names: string[], source: string) =>
  change({ frozen: { ...session().frozen, ...Object.fromEntries(names.map((name) => [name, source])) } });

export const force = (port: string, value: Plain) => change({ forced: { ...session().forced, [port]: value } });

/** What stands in the banner: each with how to take it back. */
export function overrides(given: Session): { key: string; verb: string; name: string; value: string; clear: Partial<Session> }[] {
  const { bypassed, frozen, forced, params, trained } = given;
  return [
    ...bypassed.map((name) => ({ key: `bypass ${name}`, verb: "bypassed", name, value: "", clear: { bypassed: bypassed.filter((each) => each !== name) } })),
    ...Object.entries(frozen).map(([name, source]) => ({ key: `freeze ${name}`, verb: "frozen", name, value: source, clear: { frozen: without(frozen, name) } })),
    ...Object.entries(forced).map(([name, value]) => ({ key: `force ${name}`, verb: "forced", name, value: written(value), clear: { forced: without(forced, name) } })),
    ...(trained ? [{ key: "trained", verb: "set", name: "variables of runs", value: "trained values", clear: { trained: false } }] : []),
    ...Object.entries(params).map(([name, value]) => ({ key: `param ${name}`, verb: "set", name, value: written(value), clear: { params: without(params, name) } })),
  ];
}

export const CLEAR: Partial<Session> = { bypassed: [], frozen: {}, forced: {}, params: {}, trained: false };

/** A value in few letters, as a person would type it. */
export function written(value: Plain): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
