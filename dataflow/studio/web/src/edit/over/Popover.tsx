/** A small window at a place of the canvas; Escape or a press elsewhere closes it, and what had the focus has it again. */
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";

interface Given {
  at: [x: number, y: number];
  className: string;
  label: string;
  children: ReactNode;
  closed: () => void;
}

export function Popover({ at: [x, y], className, label, children, closed }: Given) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const { width, height } = element.getBoundingClientRect();
    const room = element.closest(".ground")!.getBoundingClientRect(); // what is beside it lies over the window
    element.style.left = `${Math.max(room.left + 8, Math.min(x, room.right - width - 8))}px`;
    element.style.top = `${Math.max(room.top + 8, Math.min(y, room.bottom - height - 8))}px`;
  }, [x, y]);
  const [before] = useState(() => document.activeElement); // before a field in it takes the focus
  useEffect(
    () => () => {
      const left = document.activeElement === document.body || box.current?.contains(document.activeElement);
      if (left && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    },
    [before],
  );
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
      className={`popover nodrag nopan nowheel ${className}`}
      role="dialog"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === "Escape") closed();
        if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
      }}
    >
      {children}
    </div>
  );
}
