/** A window over the page that keeps the focus until it is closed, by Escape, its cross or a click beside it. */
import { useEffect, useRef, type ReactNode } from "react";
import { set } from "../store";
import { Icon } from "./icons";

const close = () => set({ over: null });

interface Given {
  title: string;
  children: ReactNode;
  closed?: () => void; // in place of closing what lies over the page
}

export function Dialog({ title, children, closed = close }: Given) {
  const shown = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = shown.current;
    if (dialog === null || dialog.open) return;
    dialog.showModal();
    const first = dialog.querySelector<HTMLElement>("[data-first]") ?? dialog.querySelector<HTMLElement>(".content :is(input, select, textarea)");
    first?.focus(); // before its cross
  }, []);
  return (
    <dialog
      ref={shown}
      className="dialog"
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        closed();
      }}
      onClick={(event) => event.target === shown.current && closed()}
    >
      <header>
        <h2>{title}</h2>
        <button className="button plain" aria-label="Close" onClick={closed}>
          <Icon name="close" />
        </button>
      </header>
      <div className="content">{children}</div>
    </dialog>
  );
}
