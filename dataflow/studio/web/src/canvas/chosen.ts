/** The canvas as commands see it: what is open, chosen, and at the keyboard. */
import type { Card, Scene, Wire } from "../protocol";
import { get } from "../store";
import { current } from "./focus";
import { cardsById } from "./scene";
import { getCanvas } from "./state";

export const open = (): boolean => get().document !== null;
export const editable = (): boolean => get().document?.readonly === "";
export const scene = (): Scene => get().document!.scene;
/** The card that the keyboard is at. */
export const card = (): Card | undefined => (open() ? cardsById(scene()).get(current() ?? "") : undefined);
/** The cards that are selected. */
export const chosen = (): Card[] => (open() ? get().selected.flatMap((id) => cardsById(scene()).get(id) ?? []) : []);
/** The wire that is selected. */
export const wire = (): Wire | undefined => get().document?.scene.wires.find(({ id }) => id === getCanvas().wire);
/** Whether the keyboard is at an input of a node, whose value Enter then changes. */
export const typing = (): boolean => {
  const { document, focused } = get();
  return editable() && !drawing() && focused?.side === "left" && focused.card in document!.nodes;
};
/** Whether a wire is being drawn, which Enter then ends. */
export const drawing = (): boolean => getCanvas().wiring !== null;
