/** The mouse from where it is pressed to where it is let go. */

const SLACK = 4; // pixels that it may move in a click

interface Gesture {
  begin: () => void; // once it is moved, and not merely clicked
  move: (event: PointerEvent) => void;
  end: (event: PointerEvent | null) => void; // null: given up by Escape
}

/** Follow the mouse from a press. */
export function follow({ clientX, clientY }: Pick<MouseEvent, "clientX" | "clientY">, { begin, move, end }: Gesture): void {
  const listening = new AbortController();
  let begun = false;
  const moved = (event: PointerEvent) => {
    if (!begun && Math.hypot(event.clientX - clientX, event.clientY - clientY) < SLACK) return;
    if (!begun) begin();
    begun = true;
    move(event);
  };
  const stop = (event: PointerEvent | null) => {
    listening.abort();
    if (begun) end(event);
  };
  const key = (pressed: KeyboardEvent) => {
    if (pressed.key !== "Escape") return;
    pressed.stopPropagation();
    stop(null);
  };
  const { signal } = listening;
  window.addEventListener("pointermove", moved, { signal });
  window.addEventListener("pointerup", stop, { signal });
  window.addEventListener("keydown", key, { signal, capture: true });
}
