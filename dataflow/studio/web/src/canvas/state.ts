/** The state of the canvas alone: what is in view, moved, lit up, and the wire that is being drawn. */
import { create } from "zustand";
import type { Mend, Refusal } from "../protocol";
import type { Rect } from "./geometry";

/** One end of a wire: a port on the left or right of a card, or the chip on the one on the left, a source as its value is. */
export interface End {
  card: string;
  port: string;
  side: "left" | "right" | "chip";
}

/** A wire that is being drawn from a port to one that is sought. */
export interface Wiring {
  from: End;
  start: [x: number, y: number]; // of what is drawn, in pixels of the scene
  at: [x: number, y: number]; // where its loose end is, in pixels of the scene
  over: End | null; // the port that it would go to
  verdicts: ReadonlyMap<string, string>; // by `key` of a port: why it cannot go there, "" where it can
  replaced: End | null; // the port that a wire was pulled off
  byKeys: boolean;
}

/** Why a wire was refused, at the port it should have led to, and what would make it right. */
export interface Refused {
  end: End;
  refusal: Refusal;
  mends: Mend[] | null; // null: the server is asked
}

/** How much of a card can be read: all, its name, or nothing, so that all is drawn on one canvas element. */
export type Level = "all" | "names" | "far";

export interface CanvasState {
  level: Level;
  near: Rect; // what is in view and as much around it: wires and frames outside are not drawn
  whole: boolean; // whether everything is in view
  moved: Readonly<Record<string, [x: number, y: number]>>; // cards that are being dragged
  splice: string | null; // the wire that a dragged card would be put into
  lit: string; // the `value_of` whose ends are lit up
  hovered: string | null; // the card under the mouse
  wire: string | null; // the selected wire
  cut: ReadonlySet<string> | null; // wires that the cutting line has crossed
  wiring: Wiring | null;
  refused: Refused | null;
}

export const useCanvas = create<CanvasState>(() => ({
  level: "far", // until the window is known
  near: { x: -1e6, y: -1e6, width: 2e6, height: 2e6 },
  whole: true,
  moved: {},
  splice: null,
  lit: "",
  hovered: null,
  wire: null,
  cut: null,
  wiring: null,
  refused: null,
}));
export const setCanvas = useCanvas.setState;
export const getCanvas = useCanvas.getState;

export const key = ({ card, port, side }: End): string => `${side} ${card} ${port}`;
