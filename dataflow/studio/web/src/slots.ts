/**
 * Where the parts of the page plug in. A folder's `index.ts`, imported by main.tsx, says what it adds:
 *
 *     addTab({ id: "inspector", title: "Inspector", order: 10, load: () => import("./Inspector") });
 *     addOverlay("palette", () => import("./Palette"));
 *     addPiece("status.left", { id: "problems", order: 10, component: ProblemCount });
 *     plugText(() => import("./TextPane"));
 *
 * A `load` gives a module whose default export is the component; it is fetched when it is first shown. Components take
 * no props: what they show is in the store. Keys and menus are not plugged in but are commands (commands.ts).
 */
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { register } from "./commands";
import { get, set, type Over, type Side } from "./store";

type Load = () => Promise<{ default: ComponentType }>;
type Lazy = LazyExoticComponent<ComponentType>;

/** A tab of the side panel. */
export interface Tab {
  id: NonNullable<Side>;
  title: string;
  order: number; // from the left
  load: Load;
  badge?: ComponentType; // beside the title, such as a count; loaded with the page, so keep it small
}

/**
 * Regions of the frame that hold pieces from several parts, by their order:
 * - bar.left: of the top bar, behind Run and Train; bar.right: before the switches of the view
 * - banner: whole lines between top bar and canvas; each piece is nothing where it has nothing to say
 * - notices: lie over the lower edge of the canvas
 * - status.left, status.right: of the line at the bottom
 * - canvas: over the canvas and within its provider, so that React Flow's hooks work; `ViewportPortal` of it moves along
 * - empty: in place of the canvas while nothing is open
 */
export type Region =
  | "bar.left"
  | "bar.right"
  | "banner"
  | "notices"
  | "status.left"
  | "status.right"
  | "canvas"
  | "empty";

export interface Piece {
  id: string;
  order: number;
  component: ComponentType;
}

const tabs: (Omit<Tab, "load"> & { component: Lazy })[] = [];
const overlays = new Map<NonNullable<Over>, Lazy>();
const pieces = new Map<Region, Piece[]>();
const loads: Load[] = [];
let text: Lazy | null = null;

/** Add a tab to the side panel, and the command `view.ID` that shows it. */
export function addTab({ load, ...tab }: Tab): void {
  loads.push(load);
  tabs.push({ ...tab, component: lazy(load) });
  tabs.sort((a, b) => a.order - b.order);
  register({
    id: `view.${tab.id}`,
    title: `Show ${tab.title.toLowerCase()}`,
    group: "View",
    keys: [],
    run: () => set({ side: get().side === tab.id ? null : tab.id }),
  });
}

/** What is shown while `over` of the store is this; most are a `Dialog` of shell/Dialog.tsx. Escape closes it. */
export function addOverlay(id: NonNullable<Over>, load: Load): void {
  loads.push(load);
  overlays.set(id, lazy(load));
}

/** Add a component to a region of the frame. */
export function addPiece(region: Region, piece: Piece): void {
  const there = [...(pieces.get(region) ?? []), piece];
  pieces.set(
    region,
    there.sort((a, b) => a.order - b.order),
  );
}

/** Fetch what is not shown yet, one after another, so that what is typed right after a key opens something is not lost. */
export async function loadAhead(): Promise<void> {
  for (const load of loads) await load().catch(() => null); // where the server is gone, it is asked again when needed
}

/** The pane beside the canvas that shows the file's text while `text` of the store is true. */
export function plugText(load: Load): void {
  text = lazy(load);
}

export const everyTab = (): readonly (typeof tabs)[number][] => tabs;
export const overlay = (id: NonNullable<Over>): Lazy | undefined => overlays.get(id);
export const piecesOf = (region: Region): readonly Piece[] => pieces.get(region) ?? [];
export const textPane = (): Lazy | null => text;
