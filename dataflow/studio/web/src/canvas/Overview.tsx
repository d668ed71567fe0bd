/** A small picture of the whole, while something is out of view, with the part that is seen; drag it to go there. */
import { useEffect, useRef, type PointerEvent } from "react";
import type { Scene } from "../protocol";
import { useStudio } from "../store";
import { centreOn, follow } from "./camera";
import { extent, type Rect } from "./geometry";
import { useCanvas } from "./state";

const WIDTH = 190;
const HEIGHT = 130;
const MARGIN = 6;

export function Overview() {
  const whole = useCanvas((state) => state.whole);
  const scene = useStudio(({ document }) => document?.scene);
  const theme = useStudio((state) => state.theme);
  if (whole || scene === undefined || scene.cards.length === 0) return null;
  return <Map key={theme} scene={scene} />;
}

function Map({ scene }: { scene: Scene }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const part = useRef<HTMLDivElement>(null);
  const rect = extent(scene);
  const scale = Math.min((WIDTH - 2 * MARGIN) / rect.width, (HEIGHT - 2 * MARGIN) / rect.height);
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, scene, rect, scale);
    return follow(({ x, y, zoom }) => {
      const frame = canvas.current?.closest(".ground");
      if (part.current === null || frame === null || frame === undefined) return;
      const { style } = part.current;
      style.transform = `translate(${MARGIN + (-x / zoom - rect.x) * scale}px, ${MARGIN + (-y / zoom - rect.y) * scale}px)`;
      style.width = `${(frame.clientWidth / zoom) * scale}px`;
      style.height = `${(frame.clientHeight / zoom) * scale}px`;
    });
  });
  const go = (event: PointerEvent<HTMLDivElement>) => {
    if (event.buttons === 0) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    const box = event.currentTarget.getBoundingClientRect();
    centreOn([rect.x + (event.clientX - box.x - MARGIN) / scale, rect.y + (event.clientY - box.y - MARGIN) / scale]);
  };
  const [width, height] = [rect.width * scale + 2 * MARGIN, rect.height * scale + 2 * MARGIN];
  return (
    <div className="overview" style={{ width, height }} aria-hidden="true" onPointerDown={go} onPointerMove={go}>
      <canvas ref={canvas} style={{ width, height }} />
      <div className="part" ref={part} />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, scene: Scene, rect: Rect, scale: number): void {
  const ratio = devicePixelRatio;
  canvas.width = Math.round((rect.width * scale + 2 * MARGIN) * ratio);
  canvas.height = Math.round((rect.height * scale + 2 * MARGIN) * ratio);
  const context = canvas.getContext("2d")!;
  const style = getComputedStyle(canvas);
  context.setTransform(scale * ratio, 0, 0, scale * ratio, (MARGIN - rect.x * scale) * ratio, (MARGIN - rect.y * scale) * ratio);
  context.fillStyle = style.getPropertyValue("--frame");
  for (const frame of scene.frames) context.fillRect(frame.x, frame.y, frame.width, frame.height);
  context.globalAlpha = 0.55;
  context.fillStyle = style.getPropertyValue("--strong-line");
  for (const card of scene.cards) context.fillRect(card.x, card.y, card.width, card.height);
}
