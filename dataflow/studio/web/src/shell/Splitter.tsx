/** The edge of a panel, dragged or moved with the arrow keys; its width is remembered by the browser. */
import { useState, type KeyboardEvent, type PointerEvent } from "react";

const LEAST = 260;
const MOST = 900;

export function useWidth(name: string, first: number): [number, (width: number) => void] {
  const key = `dataflow.width.${name}`;
  const [width, setWidth] = useState(() => limited(Number(localStorage.getItem(key)) || first));
  const change = (wanted: number) => {
    const made = limited(wanted);
    localStorage.setItem(key, String(made));
    setWidth(made);
  };
  return [width, change];
}

const limited = (width: number) => Math.round(Math.min(MOST, Math.max(LEAST, width)));

export function Splitter({ width, change, label }: { width: number; change: (width: number) => void; label: string }) {
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const handle = event.currentTarget;
    const right = event.clientX + width;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent) => change(right - moved.clientX);
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", move), { once: true });
  };
  const step = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    change(width + (event.key === "ArrowLeft" ? 24 : -24));
  };
  return (
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onPointerDown={drag}
      onKeyDown={step}
    />
  );
}
