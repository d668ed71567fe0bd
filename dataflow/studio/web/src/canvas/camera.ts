/** What of the scene is in view, and moving it. */
import type { ReactFlowInstance } from "@xyflow/react";
import type { Scene } from "../protocol";
import { get, set } from "../store";
import type { CardNode } from "./Card";
import { around, extent, fitting, grown, holds, overlap, seen, type Point, type Rect, type Viewport } from "./geometry";
import { cardOf, cardsById } from "./scene";
import { getCanvas, setCanvas, type Level } from "./state";

export const LEAST = 0.03;
export const MOST = 2.5;
const FAR = 0.15;
const NAMES = 0.42;
const SMALL = 0.79; // below this what is set in small type is set larger, or left out
const CALM = 180; // milliseconds that a movement takes

let flow: ReactFlowInstance<CardNode> | null = null;
let frame: HTMLElement | null = null;
const followers = new Set<(viewport: Viewport) => void>();

/** Take hold of the canvas when it is there. */
export function hold(instance: ReactFlowInstance<CardNode> | null, element: HTMLElement | null): void {
  flow = instance;
  frame = element;
}

/** Be told of each movement, for what is drawn without React. */
export function follow(follower: (viewport: Viewport) => void): () => void {
  followers.add(follower);
  if (flow !== null) follower(flow.getViewport());
  return () => followers.delete(follower);
}

const size = (): [number, number] => [frame?.clientWidth ?? 0, frame?.clientHeight ?? 0];

export const levelAt = (zoom: number): Level => (zoom < FAR ? "far" : zoom < NAMES ? "names" : "all");

/** Keep what depends on the viewport: it changes seldom, so that moving draws nothing anew. */
export function moved(viewport: Viewport): void {
  const [width, height] = size();
  const shown = seen(viewport, width, height);
  const { level, near, whole } = getCanvas();
  const now = levelAt(viewport.zoom);
  if (frame !== null) frame.dataset.zoom = now === "names" ? (viewport.zoom < 0.26 ? "least" : "names") : now;
  frame?.toggleAttribute("data-small", now === "all" && viewport.zoom < SMALL);
  const reached = holds(near, shown) && near.width < shown.width * 6;
  const all = drawn() === null || holds(grown(shown, 2), drawn()!);
  if (now !== level || !reached || all !== whole)
    setCanvas({
      level: now,
      whole: all,
      near: reached ? near : grown(shown, Math.max(shown.width, shown.height) * 0.6),
    });
  for (const follower of followers) follower(viewport);
}

function drawn(): Rect | null {
  const scene = get().document?.scene;
  return scene === undefined ? null : extent(scene);
}

function go(viewport: Viewport, calm: boolean): void {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  void flow?.setViewport(viewport, calm && !still ? { duration: CALM } : undefined);
}

/** Show the whole scene, or what of it is selected. */
export function fit(calm = true, selected = false): void {
  const scene = get().document?.scene;
  if (scene === undefined) return;
  const [width, height] = size();
  const chosen = scene.cards.filter(({ id }) => get().selected.includes(id));
  const rect = selected && chosen.length > 0 ? around(chosen) : extent(scene);
  go(fitting(rect, width, height, 12, LEAST, selected ? 1.4 : 1.1), calm);
}

/** Zoom about the middle of the window. */
export function zoomBy(factor: number): void {
  if (flow === null) return;
  const { x, y, zoom } = flow.getViewport();
  const [width, height] = size();
  const next = Math.max(LEAST, Math.min(MOST, zoom * factor));
  const scale = next / zoom;
  go({ x: width / 2 - (width / 2 - x) * scale, y: height / 2 - (height / 2 - y) * scale, zoom: next }, true);
}

/** Show a rectangle in the middle, large enough to be read; `calm` moves there visibly. */
export function centre(rect: Rect, calm = true, least = 0.8): void {
  if (flow === null) return;
  const [width, height] = size();
  const zoom = Math.max(flow.getZoom(), least);
  go(
    { x: width / 2 - (rect.x + rect.width / 2) * zoom, y: height / 2 - (rect.y + rect.height / 2) * zoom, zoom },
    calm,
  );
}

/** Select the card of a node, or the card that it is drawn in, and bring it into view; whether there is one. */
export function reveal(node: string, always = true): boolean {
  const scene = get().document?.scene;
  const card = scene === undefined ? undefined : cardOf(scene, node);
  if (card === undefined || flow === null) return false;
  set({ selected: [card.id] });
  setCanvas({ wire: null });
  const [width, height] = size();
  const shown = seen(flow.getViewport(), width, height);
  if (always || flow.getZoom() < NAMES || !holds(grown(shown, -12 / flow.getZoom()), card)) {
    if (always || !overlap(shown, card) || flow.getZoom() < NAMES) centre(card, true, always || flow.getZoom() < NAMES ? 0.8 : 0);
    else nudge(card, shown);
  }
  return true;
}

/** Move just so far that a rectangle is in view. */
function nudge(rect: Rect, shown: Rect): void {
  const zoom = flow!.getZoom();
  const margin = 24 / zoom;
  const left = Math.min(0, rect.x - margin - shown.x) + Math.max(0, rect.x + rect.width + margin - shown.x - shown.width);
  const up = Math.min(0, rect.y - margin - shown.y) + Math.max(0, rect.y + rect.height + margin - shown.y - shown.height);
  go({ x: -(shown.x + left) * zoom, y: -(shown.y + up) * zoom, zoom }, true);
}

/**
 * The scene is another one of the same file: most of what was in view stays where it is on the screen; what is new is
 * brought into view, and so is all of it if all was.
 */
export function steady(before: Scene, now: Scene): void {
  if (flow === null) return;
  const { moved, whole } = getCanvas();
  const [width, height] = size();
  let shown = seen(flow.getViewport(), width, height);
  const known = cardsById(before);
  const votes = new Map<string, number>([["0 0", 0.5]]);
  for (const card of now.cards) {
    const old = known.get(card.id);
    if (old === undefined || !overlap(shown, old)) continue;
    const [x, y] = moved[card.id] ?? [old.x, old.y];
    const way = `${Math.round(card.x - x)} ${Math.round(card.y - y)}`;
    votes.set(way, (votes.get(way) ?? 0) + 1);
  }
  const [way] = [...votes].reduce((best, each) => (each[1] > best[1] ? each : best));
  const [right, down] = way.split(" ").map(Number) as [number, number];
  shown = { ...shown, x: shown.x + right, y: shown.y + down };
  const { zoom } = flow.getViewport();
  if (whole && !holds(shown, extent(now))) return fit();
  if (right !== 0 || down !== 0) go({ x: -shown.x * zoom, y: -shown.y * zoom, zoom }, false);
  const added = now.cards.filter(({ id }) => !known.has(id));
  if (added.length > 0 && !added.some((card) => holds(shown, card))) nudge(added[0]!, shown);
}

/** The middle of what is in view, in pixels of the scene. */
export function middle(): Point {
  const { x, y, width, height } = frame!.getBoundingClientRect();
  return scenePoint(x + width / 2, y + height / 2);
}

/** A place of the screen in pixels of the scene. */
export function scenePoint(x: number, y: number): Point {
  if (flow === null) return [x, y];
  const point = flow.screenToFlowPosition({ x, y });
  return [point.x, point.y];
}

/** A place of the scene on the screen. */
export function screenPoint([x, y]: Point): Point {
  if (flow === null) return [x, y];
  const point = flow.flowToScreenPosition({ x, y });
  return [point.x, point.y];
}

export const zoom = (): number => flow?.getZoom() ?? 1;

/** The window has another size: what was all in view stays so. */
export function resized(): void {
  if (flow === null) return;
  if (getCanvas().whole && get().document !== null) fit(false);
  looked();
}

/** The scene is another one: what is in view of it may be another part. */
export function looked(): void {
  if (flow !== null) moved(flow.getViewport());
}

/** Move so that a place of the scene is in the middle. */
export function centreOn([x, y]: Point): void {
  if (flow === null) return;
  const [width, height] = size();
  const zoom = flow.getZoom();
  go({ x: width / 2 - x * zoom, y: height / 2 - y * zoom, zoom }, false);
}
