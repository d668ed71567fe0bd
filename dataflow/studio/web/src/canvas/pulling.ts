/** Wires by the mouse: pulled from a port, followed to another; and the line that cuts them. */
import { perform } from "../commands";
import { get } from "../store";
import { scenePoint, zoom } from "./camera";
import { cardsById, originOf } from "./scene";
import { getCanvas, setCanvas, type End } from "./state";
import { begin, dropped, end, lead, unwire } from "./wire";
import { nearest } from "./wiring";

const REACH = 26; // pixels of the screen within which a port is meant
const SLACK = 4; // that the mouse may move in a click

/** Pull a wire from a port with the mouse; off an input that is wired, pull the wire that is there. */
export function pull(port: End, event: PointerEvent): void {
  const [x, y] = [event.clientX, event.clientY];
  let pulled = false;
  const move = (moved: PointerEvent) => {
    if (!pulled) {
      if (Math.hypot(moved.clientX - x, moved.clientY - y) < SLACK) return;
      pulled = true;
      const { from, replaced } = startOf(port);
      begin(from, replaced, false);
    }
    const { wiring } = getCanvas();
    const scene = get().document?.scene;
    if (wiring === null || scene === undefined) return;
    const at = scenePoint(moved.clientX, moved.clientY);
    lead(at, nearest(scene.cards, wiring.from.side === "right" ? "left" : "right", at, REACH / zoom()));
  };
  const up = (released: PointerEvent) => {
    stop();
    if (pulled) void perform(() => end([released.clientX, released.clientY]));
  };
  const key = (pressed: KeyboardEvent) => {
    if (pressed.key !== "Escape") return;
    pressed.stopPropagation();
    stop();
    dropped();
  };
  const stop = () => {
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("keydown", key, true);
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", up);
  window.addEventListener("keydown", key, true);
}

/** Where a wire that is pulled from a port begins. */
function startOf(port: End): { from: End; replaced: End | null } {
  const scene = get().document?.scene;
  const left = port.side === "left" ? scene && cardsById(scene).get(port.card)?.lefts.find(({ name }) => name === port.port) : undefined;
  const origin = scene !== undefined && left !== undefined && left.wire !== "" ? originOf(scene, left.value_of) : undefined;
  return origin === undefined ? { from: port, replaced: null } : { from: origin, replaced: port };
}

const STEP = 5; // pixels of the screen between the places where the cutting line looks for wires

/** Cut the wires that a line drawn with the mouse crosses. */
export function cutting(event: PointerEvent): void {
  let [x, y] = [event.clientX, event.clientY];
  setCanvas({ cut: new Set() });
  const move = (moved: PointerEvent) => {
    const found = new Set(getCanvas().cut);
    const steps = Math.max(1, Math.ceil(Math.hypot(moved.clientX - x, moved.clientY - y) / STEP));
    for (let i = 1; i <= steps; i++)
      for (const id of wiresAt(x + ((moved.clientX - x) * i) / steps, y + ((moved.clientY - y) * i) / steps)) found.add(id);
    [x, y] = [moved.clientX, moved.clientY];
    setCanvas({ cut: found });
  };
  const up = () => {
    stop();
    const { cut } = getCanvas();
    setCanvas({ cut: null });
    const wires = get().document?.scene.wires.filter(({ id }) => cut?.has(id)) ?? [];
    void perform(() => unwire(wires.map(({ target: [card, port] }): End => ({ card, port, side: "left" }))));
  };
  const key = (pressed: KeyboardEvent) => {
    if (pressed.key !== "Escape") return;
    stop();
    setCanvas({ cut: null });
  };
  const stop = () => {
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("keydown", key, true);
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", up);
  window.addEventListener("keydown", key, true);
}

/** The wires at a place of the screen, also those that lie below a card. */
export function wiresAt(x: number, y: number): string[] {
  return document
    .elementsFromPoint(x, y)
    .flatMap((element) => (element.matches(".wire .hit") ? [element.parentElement!.dataset.wire!] : []));
}
