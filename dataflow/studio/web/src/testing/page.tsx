/** A part of the page in a test: rendered, found in it, clicked and written to. */
import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let root: Root | null = null;

/** Render, in place of what was rendered before. */
export async function show(part: ReactNode): Promise<void> {
  await leave();
  const place = document.body.appendChild(document.createElement("div"));
  root = createRoot(place);
  await act(async () => root!.render(part));
}

export async function leave(): Promise<void> {
  if (root !== null) await act(async () => root!.unmount());
  root = null;
  document.body.replaceChildren();
}

/** The element with this text, or this label. */
export function find<E extends HTMLElement = HTMLElement>(selector: string, text = ""): E {
  const found = [...document.querySelectorAll<E>(selector)].find(
    (element) => text === "" || element.textContent?.trim() === text || element.getAttribute("aria-label") === text,
  );
  if (found === undefined) throw new Error(`no ${selector} '${text}' in ${document.body.innerHTML}`);
  return found;
}

export const click = (selector: string, text = ""): Promise<void> => act(async () => find(selector, text).click());

/** Write into a field as a person does, so that React notices. */
export async function write(field: HTMLInputElement, text: string): Promise<void> {
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!;
  await act(async () => {
    setter.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

export async function press(element: HTMLElement, key: string, more: KeyboardEventInit = {}): Promise<void> {
  await act(async () => void element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more })));
}
