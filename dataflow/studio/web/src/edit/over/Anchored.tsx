/** Small windows on the canvas, at a card or a port of it, of one size at any zoom. */
import { useReactFlow, useViewport } from "@xyflow/react";
import { useEffect, useLayoutEffect, useRef, type ReactNode } from "react";
import { get, useStudio } from "../../store";
import { hold } from "./camera";

const READABLE = 0.7; // zoom from which on names are read at a glance

/** The size and place that a card has, dragged or not. */
export function Camera() {
  const flow = useReactFlow();
  useEffect(() => {
    hold({
      toScene: ([x, y]) => {
        const found = flow.screenToFlowPosition({ x, y });
        return [found.x, found.y];
      },
      centre: (id) => {
        const card = get().document?.scene.cards.find((each) => each.id === id);
        if (card === undefined) return;
        const { x, y } = flow.getNode(id)?.position ?? card;
        const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        void flow.setCenter(x + card.width / 2, y + card.height / 2, {
          zoom: Math.max(READABLE, flow.getZoom()),
          duration: calm ? 0 : 200,
        });
      },
    });
    return () => hold(null);
  }, [flow]);
  return null;
}

interface Given {
  card: string;
  port?: string; // an input of it; its window stands beside that
  className: string;
  label: string;
  children: ReactNode;
  closed: () => void; // by a press of Escape, or a click elsewhere
}

export function Anchored({ card: id, port, className, label, children, closed }: Given) {
  const { x, y, zoom } = useViewport();
  const flow = useReactFlow();
  const card = useStudio((state) => state.document?.scene.cards.find((each) => each.id === id));
  const box = useRef<HTMLDivElement>(null);
  const left = card?.lefts.find((each) => each.name === port);
  const at = flow.getNode(id)?.position ?? card;
  useLayoutEffect(() => {
    const element = box.current;
    const room = element?.parentElement?.getBoundingClientRect();
    if (element === null || room === undefined || card === undefined || at === undefined) return;
    const wanted = { left: x + at.x * zoom, top: y + (at.y + (left === undefined ? 0 : left.y + 12)) * zoom };
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(8, Math.min(wanted.left, room.width - width - 8))}px`;
    element.style.top = `${Math.max(8, Math.min(wanted.top, room.height - height - 8))}px`;
  });
  useEffect(() => {
    const pressed = (event: PointerEvent) => {
      if (!(event.target instanceof Node && box.current?.contains(event.target))) closed();
    };
    window.addEventListener("pointerdown", pressed, true);
    return () => window.removeEventListener("pointerdown", pressed, true);
  });
  return (
    <div
      ref={box}
      className={`anchored nodrag nopan nowheel ${className}`}
      role="dialog"
      aria-label={label}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") closed();
      }}
    >
      {children}
    </div>
  );
}
