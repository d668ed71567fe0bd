/** A window with a field to search by and a list to choose from: arrow keys, Enter, or a click. */
import { useEffect, useId, useLayoutEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { typedAhead } from "../../keys";
import { set } from "../../store";
import "./picker.css";

interface Given<T> {
  label: string; // of the window and the field
  placeholder: string;
  query: string;
  change: (query: string) => void;
  items: T[];
  keyOf: (item: T) => string;
  row: (item: T) => ReactNode;
  choose: (item: T) => void;
  drag?: (item: T, press: PointerEvent) => void; // pressed with the mouse, which may take it elsewhere
  does: string; // what Enter does: "add"
  counted: [one: string, many: string]; // "1 block", "blocks"
  none: string; // where nothing is found
  aside?: (item: T) => ReactNode; // beside the list, about the item that would be chosen
  children?: ReactNode; // below the field
  className?: string;
  style?: CSSProperties;
}

export const closeOver = () => set({ over: null, palette: null });

export function Picker<T>(given: Given<T>) {
  const { label, query, items, keyOf, row, choose, aside, counted } = given;
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const last = items.length - 1;
  const now = Math.min(at, last);
  const active = items[now];
  useLayoutEffect(() => { // before the field hears of the next key
    if (dialog.current?.open === false) dialog.current.showModal();
    const typed = typedAhead();
    if (typed !== "") given.change(query + typed);
    const opened = dialog.current;
    return () => opened?.close(); // which gives the focus back
  }, []);
  useEffect(() => {
    list.current?.children[now]?.scrollIntoView?.({ block: "nearest" });
  }, [now, items]);
  const keys = (event: KeyboardEvent) => {
    const next: Record<string, number> = {
      ArrowDown: now === last ? 0 : now + 1,
      ArrowUp: now <= 0 ? last : now - 1,
      PageDown: Math.min(last, now + 8),
      PageUp: Math.max(0, now - 8),
    };
    if (event.key in next) setAt(Math.max(0, next[event.key]!));
    else if (event.key === "Enter" && active !== undefined) choose(active);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      className={`dialog picker ${given.className ?? ""}`}
      aria-label={label}
      style={given.style}
      onCancel={(event) => {
        event.preventDefault();
        closeOver();
      }}
      onClick={(event) => event.target === dialog.current && closeOver()}
    >
      <div className="picker-top">
        <input
          className="field"
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={active === undefined ? undefined : `${id}-${now}`}
          aria-label={label}
          placeholder={given.placeholder}
          spellCheck={false}
          autoComplete="off"
          autoFocus
          value={query}
          onChange={(event) => {
            given.change(event.target.value);
            setAt(0);
          }}
          onKeyDown={keys}
        />
        {given.children}
        <span className="unseen" role="status">
          {items.length === 1 ? counted[0] : `${items.length} ${counted[1]}`}
        </span>
      </div>
      <div className={aside === undefined ? "picker-main" : "picker-main with-aside"}>
        <div className="picker-list" role="listbox" aria-label={label} id={`${id}-list`} ref={list} tabIndex={-1}>
          {items.map((item, i) => (
            <div
              key={keyOf(item)}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === now}
              className="picker-row"
              onPointerMove={() => setAt(i)}
              onPointerDown={(event) => given.drag?.(item, event)}
              onClick={() => choose(item)}
            >
              {row(item)}
            </div>
          ))}
        </div>
        {items.length === 0 && <p className="picker-none">{given.none}</p>}
        {active !== undefined && aside?.(active)}
      </div>
      <footer className="picker-keys" aria-hidden="true">
        <span>
          <kbd className="keycap">↑</kbd> <kbd className="keycap">↓</kbd> choose
        </span>
        <span>
          <kbd className="keycap">Enter</kbd> {given.does}
        </span>
        <span>
          <kbd className="keycap">Esc</kbd> close
        </span>
        <span className="picker-count">{items.length === 1 ? counted[0] : `${items.length} ${counted[1]}`}</span>
      </footer>
    </dialog>
  );
}
