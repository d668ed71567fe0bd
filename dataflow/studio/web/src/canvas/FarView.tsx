/** The whole of a large graph, too small to read, on one canvas element. */
import { useEffect, useRef } from "react";
import type { Card, Scene } from "../protocol";
import { useStudio } from "../store";
import { follow } from "./camera";
import type { Viewport } from "./geometry";
import { byNode } from "./problems";

export function FarView() {
  const element = useRef<HTMLCanvasElement>(null);
  const scene = useStudio(({ document }) => document?.scene);
  const problems = useStudio(({ document }) => document?.problems);
  const selected = useStudio((state) => state.selected);
  const theme = useStudio((state) => state.theme);
  useEffect(() => {
    const canvas = element.current;
    if (canvas === null || scene === undefined) return;
    const marked = new Set(selected);
    const wrong = byNode(problems ?? []);
    const colours = colourOf(canvas);
    let asked = 0;
    let viewport: Viewport = { x: 0, y: 0, zoom: 1 };
    const stop = follow((now) => {
      viewport = now;
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        draw(canvas, scene, viewport, (card) => (marked.has(card.id) ? colours.accent : wrong.has(card.id) ? colours.danger : null), colours);
      });
    });
    return () => {
      stop();
      cancelAnimationFrame(asked);
    };
  }, [scene, problems, selected, theme]);
  return <canvas className="far" ref={element} aria-hidden="true" />;
}

type Colours = Record<"frame" | "line" | "surface" | "accent" | "danger" | "ink" | "gradient-tint" | "float" | "category-bar-lightness" | "strong-line" | "category-saturation", string>;

function colourOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const names = ["frame", "line", "surface", "accent", "danger", "ink", "gradient-tint", "float", "category-bar-lightness", "strong-line", "category-saturation"] as const;
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}

const paths = new WeakMap<Scene["wires"], Path2D>();

function wiresOf({ wires }: Scene): Path2D {
  let path = paths.get(wires);
  if (path === undefined) paths.set(wires, (path = new Path2D(wires.map((wire) => wire.path).join(""))));
  return path;
}

function draw(canvas: HTMLCanvasElement, scene: Scene, { x, y, zoom }: Viewport, mark: (card: Card) => string | null, colours: Colours): void {
  const ratio = devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== width * ratio || canvas.height !== height * ratio) [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext("2d")!;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(zoom * ratio, 0, 0, zoom * ratio, x * ratio, y * ratio);
  const shown = (rect: { x: number; y: number; width: number; height: number }) =>
    rect.x * zoom + x < width && rect.y * zoom + y < height && (rect.x + rect.width) * zoom + x > 0 && (rect.y + rect.height) * zoom + y > 0;
  context.fillStyle = colours.frame;
  for (const frame of scene.frames) if (shown(frame)) context.fillRect(frame.x, frame.y, frame.width, frame.height);
  context.strokeStyle = colours.float;
  context.globalAlpha = 0.6;
  context.lineWidth = 1 / zoom;
  context.stroke(wiresOf(scene));
  context.globalAlpha = 1;
  for (const card of scene.cards) {
    if (!shown(card)) continue;
    const marked = mark(card);
    context.fillStyle = marked ?? (card.gradient ? colours["gradient-tint"] : colours.surface);
    context.fillRect(card.x, card.y, card.width, card.height);
    const pill = card.kind === "input" || card.kind === "output";
    context.fillStyle = pill ? colours["strong-line"] : `hsl(${card.hue} ${colours["category-saturation"]} ${colours["category-bar-lightness"]})`;
    context.fillRect(card.x, card.y, card.width, Math.min(card.height, Math.max(8, 1.5 / zoom)));
  }
  context.fillStyle = colours.ink;
  context.strokeStyle = colours.frame; // around letters, which stand over the cards
  context.lineWidth = 4 / zoom;
  context.lineJoin = "round";
  context.font = `600 ${10 / zoom}px system-ui, "DejaVu Sans", sans-serif`;
  for (const frame of scene.frames) {
    if (frame.title === "" || frame.height * zoom <= 22 || !shown(frame)) continue;
    const written = [frame.title, frame.x + 6 / zoom, frame.y + 12 / zoom, frame.width - 12 / zoom] as const;
    context.strokeText(...written);
    context.fillText(...written);
  }
}
