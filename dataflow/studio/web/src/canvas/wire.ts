/** Drawing a wire, whatever moves its loose end: begin, go on, and what happens where it ends. */
import { edit } from "../changes";
import { ask, Refused } from "../connection";
import type { Edit, Refusal, Scene, Wire } from "../protocol";
import { announce, get, openPalette, say, type PaletteRequest } from "../store";
import { scenePoint } from "./camera";
import { dot, type Point } from "./geometry";
import { removed } from "./removed";
import { cardsById, origin, wireText } from "./scene";
import { getCanvas, key, setCanvas, type End } from "./state";
import { TAKEN, verdicts } from "./wiring";

export const MENDS = 5; // that are offered, each by the key of its number

/** Begin a wire at a port; one that was pulled off `replaced` goes on from its source. */
export function begin(from: End, replaced: End | null, byKeys: boolean): void {
  const { document, blocks } = get();
  if (document === null) return;
  if (document.readonly !== "") {
    say("info", document.readonly);
    return;
  }
  const start = startOf(document.scene, from);
  if (start === null) return;
  const source = origin(document, from);
  const found = verdicts(document, blocks, source, replaced);
  setCanvas({ wiring: { from, start, at: start, over: null, verdicts: found, replaced, byKeys }, refused: null, wire: null });
  const fits = [...found.values()].filter((verdict) => verdict === "").length;
  announce(`A wire from ${source.card} ${source.port}; ${fits} ports fit${byKeys ? ", and arrows with Shift lead to all" : ""}`);
}

/** Where a wire is seen to begin: at the dot of a port, or behind the letters of a chip. */
function startOf(scene: Scene, end: End): Point | null {
  const card = cardsById(scene).get(end.card);
  const chip = document.querySelector(`[data-port="${CSS.escape(key(end))}"].feed`)?.getBoundingClientRect();
  if (chip !== undefined) return scenePoint(chip.right, chip.y + chip.height / 2);
  return card === undefined ? null : dot(card, end);
}

/** Move the loose end to a place, and onto a port where one is near. */
export function lead(at: Point, over: End | null): void {
  const { wiring } = getCanvas();
  if (wiring === null) return;
  setCanvas({ wiring: { ...wiring, at, over } });
  if (over === null || (wiring.over !== null && key(over) === key(wiring.over))) return;
  const verdict = wiring.verdicts.get(key(over));
  announce(`${over.card} ${over.port}: ${verdict === undefined || verdict === "" ? "fits" : verdict}`);
}

export function dropped(): void {
  if (getCanvas().wiring !== null) announce("No wire drawn");
  setCanvas({ wiring: null });
}

/** End the wire where it is: wired, refused with the reason, or on the empty canvas, where the palette opens. */
export async function end(screen: Point | null): Promise<void> {
  const { wiring } = getCanvas();
  const { document } = get();
  setCanvas({ wiring: null });
  if (wiring === null || document === null) return;
  const { over, replaced } = wiring;
  const from = origin(document, wiring.from);
  if (over === null) {
    if (replaced !== null) await unwire([replaced]);
    else if (screen !== null)
      openPalette({ at: screen, from: { node: from.card, port: from.port, side: from.side === "right" ? "source" : "target" } });
    return;
  }
  if (replaced !== null && key(replaced) === key(over)) return;
  const [source, target] = from.side === "right" ? [from, over] : [over, from];
  await connect(source, target, wiring.verdicts.get(key(over)) ?? "", replaced, over);
}

async function connect(source: End, target: End, verdict: string, replaced: End | null, at: End): Promise<void> {
  const text = wireText(source.card, source.port, get().document!);
  const before = replaced === null ? [] : [unwired(replaced)];
  if (verdict !== "") {
    await refuse(at, text, target, { message: verdict, hint: "", problems: [] }, before);
    return;
  }
  try {
    await edit(`wire ${target.card}.${target.port} to ${text}`, ...before, { op: "wire", target: [target.card, target.port], source: text });
    announce(`Wired ${text} to ${target.card} ${target.port}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await refuse(at, text, target, error.refusal, before);
  }
}

let asked: Promise<boolean> = Promise.resolve(false);

/**
 * Show at a port why a wire was refused, with what the server knows to do about it, `before` which comes what else the
 * wire would have changed; gives whether there is anything to do.
 */
export function refuse(at: End, source: string, target: End, refusal: Refusal, before: Edit[] = []): Promise<boolean> {
  setCanvas({ refused: { end: at, refusal, mends: null } });
  return (asked = offer(at, source, target, refusal, before));
}

async function offer(at: End, source: string, { card, port }: End, refusal: Refusal, before: Edit[]): Promise<boolean> {
  const tried = await ask("try_wire", { source, target: [card, port] }).catch(() => null);
  if (getCanvas().refused?.refusal !== refusal) return false;
  // the loader's own words, where it finds the fault, say more than the page's
  const found = refusal.problems.length === 0 && !refusal.message.includes(TAKEN) ? tried?.refused : null;
  const mends = (tried?.mends ?? []).slice(0, MENDS).map(({ title, edits }) => ({ title, edits: [...before, ...edits] }));
  setCanvas({ refused: { end: at, refusal: found ?? refusal, mends } });
  announce([`Refused: ${(found ?? refusal).message}`, ...mends.map(({ title }, i) => `${i + 1}: ${title}`)].join(". "));
  return mends.length > 0;
}

/** Do one of the mends that a refused wire offers, as soon as they are known. */
export async function mend(number: number): Promise<void> {
  await asked;
  const chosen = getCanvas().refused?.mends?.[number];
  if (chosen === undefined) return;
  setCanvas({ refused: null });
  await edit(chosen.title, ...chosen.edits);
  announce(chosen.title);
}

const unwired = ({ card, port }: End): Edit => ({ op: "wire", target: [card, port], source: "" });

/** Take off the wires to ports. */
export async function unwire(targets: readonly End[]): Promise<void> {
  if (targets.length === 0) return;
  const title = targets.length === 1 ? `unwire ${targets[0]!.card}.${targets[0]!.port}` : `cut ${targets.length} wires`;
  await edit(title, ...targets.map(unwired));
  const outputs = targets.filter(({ card }) => card.startsWith("output:")).map(({ card }) => card.slice("output:".length)); // each is its wire
  if (outputs.length > 0) removed(`output ${outputs.join(", ")}`);
  else announce(title);
}

/** What the palette is asked for where a block is put into a wire. */
export function into({ source: [node, port], target }: Wire): PaletteRequest["from"] {
  return { node, port, side: "source", into: target };
}
