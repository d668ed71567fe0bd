/** The focus of the keyboard on cards and ports; what is out of view is brought there first. */
import { get, set } from "../store";
import { reveal } from "./camera";
import { key, type End } from "./state";

const TRIES = 20; // frames until a card that was out of view is drawn

async function focusOn(selector: string): Promise<void> {
  for (let tries = TRIES; tries > 0; tries -= 1) {
    const found = document.querySelector<HTMLElement>(selector);
    if (found !== null) return found.focus({ preventScroll: true });
    await new Promise(requestAnimationFrame);
  }
}

const escaped = (text: string): string => CSS.escape(text);

/** Put the focus on a card and select it; once it is there, what is opened then keeps its own. */
export function focusCard(card: string): Promise<void> {
  set({ focused: null });
  reveal(card, false);
  return focusOn(`.react-flow__node[data-id="${escaped(card)}"]`);
}

/** Put the focus on a port. */
export function focusPort(end: End): void {
  if (!get().selected.includes(end.card) || get().selected.length > 1) reveal(end.card, false);
  set({ focused: end });
  void focusOn(`[data-port="${escaped(key(end))}"]`);
}

/** Put the focus on the canvas itself. */
export function focusGround(): void {
  set({ focused: null });
  document.querySelector<HTMLElement>(".ground")?.focus({ preventScroll: true });
}

/** The card that the keyboard is at: focused, or else the one that is selected. */
export function current(): string | null {
  const focused = document.activeElement?.closest<HTMLElement>(".react-flow__node")?.dataset.id;
  return focused ?? get().focused?.card ?? get().selected.at(-1) ?? null;
}
