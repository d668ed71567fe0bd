/** A field for text, with suggestions below it: by the arrow keys, Enter or a click. */
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { fitName } from "../fuzzy";
import { bare } from "../Prose";
import { useDraft } from "./draft";

export interface Suggestion {
  text: string;
  detail?: string;
}

interface Given {
  label: string;
  value: string;
  commit: (text: string) => unknown;
  suggestions?: Suggestion[] | (() => Promise<Suggestion[]>); // asked for once the field has the focus
  placeholder?: string;
  describedBy?: string;
  disabled?: boolean;
  autoFocus?: boolean;
  opened?: boolean; // with its suggestions in sight from the start
  mono?: boolean;
  step?: (text: string, by: 1 | -1) => string | null; // what the arrow keys make of a number
  taken?: () => void; // once a text was taken
}

const MOST = 40;

export function Combo(given: Given) {
  const { label, value, placeholder, describedBy, disabled, autoFocus, opened = false, mono = true, step, taken } = given;
  const [asked, setAsked] = useState<Suggestion[]>([]);
  const ask = typeof given.suggestions === "function" ? given.suggestions : null;
  const suggestions = typeof given.suggestions === "function" ? asked : (given.suggestions ?? []);
  const lists = ask !== null || suggestions.length > 0;
  const draft = useDraft(value, async (text) => {
    await given.commit(text);
    taken?.();
  });
  const [open, setOpen] = useState(opened);
  const [at, setAt] = useState(-1);
  const id = useId();
  const typed = draft.text === value ? "" : draft.text;
  const found = open ? ranked(suggestions, typed) : [];
  const list = useRef<HTMLDivElement>(null);
  const shown = found.length > 0;
  useEffect(() => {
    if (shown) list.current!.scrollIntoView?.({ block: "nearest" });
  }, [shown]);
  const choose = (text: string) => {
    setOpen(false);
    void draft.take(text);
  };
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key] as 1 | -1 | undefined;
    if (by !== undefined && lists && !(step && !open)) {
      event.preventDefault();
      if (!open) setOpen(true);
      else setAt((at + by + found.length + 1) % (found.length + 1));
      return;
    }
    const stepped = by === undefined ? null : (step?.(draft.text, by === 1 ? -1 : 1) ?? null);
    if (stepped !== null) {
      event.preventDefault();
      void draft.take(stepped);
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(found[at]?.text ?? draft.text);
      if (draft.text === value && at < 0) taken?.();
    } else if (event.key === "Escape" && shown) {
      event.stopPropagation();
      setOpen(false);
    } else draft.keys(event);
  };
  return (
    <div className="combo">
      <input
        className={mono ? "field mono" : "field"}
        aria-label={label}
        aria-describedby={[draft.problem !== "" && `${id}-problem`, describedBy].filter(Boolean).join(" ") || undefined}
        aria-invalid={draft.problem !== ""}
        {...(lists && {
          role: "combobox",
          "aria-expanded": shown,
          "aria-controls": `${id}-list`,
          "aria-autocomplete": "list" as const,
          "aria-activedescendant": at >= 0 && found[at] ? `${id}-${at}` : undefined,
        })}
        value={draft.text}
        placeholder={placeholder}
        disabled={disabled}
        autoFocus={autoFocus}
        onFocus={(event) => {
          if (autoFocus) event.target.select();
          ask?.().then(setAsked, () => setAsked([]));
        }}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          draft.type(event.target.value);
          setOpen(true);
          setAt(-1);
        }}
        onKeyDown={keys}
        onBlur={() => {
          setOpen(false);
          void draft.take();
        }}
      />
      {lists && (
        <div className="combo-list" ref={list} role="listbox" id={`${id}-list`} aria-label={`${label}: suggestions`} hidden={!shown}>
          {found.map(({ text, detail }, i) => (
            <div
              key={text}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === at}
              onPointerDown={(event) => {
                event.preventDefault();
                choose(text);
              }}
            >
              <span>{text}</span> <span className="dim">{detail && bare(detail)}</span>
            </div>
          ))}
        </div>
      )}
      {draft.problem !== "" && (
        <p className="field-problem" role="alert" id={`${id}-problem`}>
          {draft.problem}
        </p>
      )}
    </div>
  );
}

function ranked(suggestions: Suggestion[], typed: string): Suggestion[] {
  const fits = suggestions.flatMap((each) => {
    const fit = fitName(typed, each.text);
    return fit ? [{ each, rank: fit.rank }] : [];
  });
  return fits.sort((a, b) => a.rank - b.rank).slice(0, MOST).map(({ each }) => each);
}
