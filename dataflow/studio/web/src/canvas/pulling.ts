/** Wires by the mouse: pulled from a port, followed to another; and the line that cuts them. */
import { perform } from "../commands";
import { get } from "../store";
import { scenePoint, zoom } from "./camera";
import { follow } from "./gesture";
import { fed, isFolded, originOf } from "./scene";
import { getCanvas, setCanvas, type End } from "./state";
import { begin, dropped, end, lead, unwire } from "./wire";
import { nearest } from "./wiring";

const REACH = 26; // pixels of the screen within which a port is meant

/** Pull a wire from a port with the mouse; off an input that is wired, pull the wire that is there. */
export function pull(port: End, press: PointerEvent): void {
  follow(press, {
    begin: () => {
      const { from, replaced } = startOf(port);
      begin(from, replaced, false);
    },
    move: ({ clientX, clientY }) => {
      const { wiring } = getCanvas();
      const scene = get().document?.scene;
      if (wiring === null || scene === undefined) return;
      const at = scenePoint(clientX, clientY);
      lead(at, nearest(scene.cards, wiring.from.side === "left" ? "right" : "left", at, REACH / zoom()));
    },
    end: (released) => {
      if (released === null) dropped();
      else void perform(() => end([released.clientX, released.clientY]));
    },
  });
}

/** Where a wire that is pulled from a port begins. */
function startOf(port: End): { from: End; replaced: End | null } {
  const { document } = get();
  const left = document === null || port.side !== "left" ? undefined : fed(document, port);
  if (left === undefined || left.wire === "") return { from: port, replaced: null };
  const drawn = originOf(document!.scene, left.value_of);
  const from: End | undefined = drawn ?? (isFolded(left) ? { ...port, side: "chip" } : undefined);
  return from === undefined ? { from: port, replaced: null } : { from, replaced: port };
}

const STEP = 5; // pixels of the screen between the places where the cutting line looks for wires

/** Cut the wires that a line drawn with the mouse crosses. */
export function cutting(press: PointerEvent): void {
  let [x, y] = [press.clientX, press.clientY];
  follow(press, {
    begin: () => setCanvas({ cut: new Set() }),
    move: ({ clientX, clientY }) => {
      const found = new Set(getCanvas().cut);
      const steps = Math.max(1, Math.ceil(Math.hypot(clientX - x, clientY - y) / STEP));
      for (let i = 1; i <= steps; i++)
        for (const id of wiresAt(x + ((clientX - x) * i) / steps, y + ((clientY - y) * i) / steps)) found.add(id);
      [x, y] = [clientX, clientY];
      setCanvas({ cut: found });
    },
    end: (released) => {
      const { cut } = getCanvas();
      setCanvas({ cut: null });
      if (released === null) return;
      const wires = get().document?.scene.wires.filter(({ id }) => cut?.has(id)) ?? [];
      void perform(() => unwire(wires.map(({ target: [card, port] }): End => ({ card, port, side: "left" }))));
    },
  });
}

/** The wires at a place of the screen, also those that lie below a card. */
export function wiresAt(x: number, y: number): string[] {
  return document
    .elementsFromPoint(x, y)
    .flatMap((element) => (element.matches(".wire .hit") ? [element.parentElement!.dataset.wire!] : []));
}
