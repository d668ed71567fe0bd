/** A block dragged with the mouse out of the palette, which makes room for the canvas. */
import type { PointerEvent } from "react";
import { follow } from "../../canvas/gesture";
import { wiresAt } from "../../canvas/pulling";
import { setCanvas } from "../../canvas/state";
import type { Wire } from "../../protocol";
import { get } from "../../store";
import { closeOver } from "../picker/Picker";
import { ofGraph, type Entry } from "./entries";

/** Follow the mouse with a block; `dropped` is told where it was let go on the canvas, and the wire that it can go into there. */
export function drag(entry: Entry, { nativeEvent, button, pointerType }: PointerEvent, dropped: (at: [x: number, y: number], wire: Wire | undefined) => void): void {
  if (button !== 0 || pointerType === "touch") return; // a finger moves the list
  const { name, hue, info } = entry;
  const shadow = document.createElement("div");
  shadow.className = "dragged-block";
  shadow.textContent = name;
  shadow.style.setProperty("--hue", String(hue));
  const passes = info === null ? !ofGraph(entry) : (info.inputs.length > 0 && info.outputs.length > 0);
  const wireAt = (x: number, y: number): Wire | undefined =>
    passes ? get().document?.scene.wires.find(({ id }) => id === wiresAt(x, y)[0]) : undefined;
  follow(nativeEvent, {
    begin: () => {
      closeOver();
      document.body.append(shadow);
    },
    move: ({ clientX, clientY }) => {
      shadow.style.translate = `${clientX}px ${clientY}px`;
      setCanvas({ splice: wireAt(clientX, clientY)?.id ?? null });
    },
    end: (released) => {
      shadow.remove();
      setCanvas({ splice: null });
      if (released === null || document.elementFromPoint(released.clientX, released.clientY)?.closest(".ground") == null) return;
      dropped([released.clientX, released.clientY], wireAt(released.clientX, released.clientY));
    },
  });
}
