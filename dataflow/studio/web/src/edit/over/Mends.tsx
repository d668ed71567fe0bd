/** Why a wire was refused, and what would make it fit: 1 to 9, or Enter for the first. */
import { useEffect, useRef } from "react";
import { useEditing, editing } from "../state";
import { mend } from "../wiring";
import { Anchored } from "./Anchored";

const close = () => editing({ offer: null });

export function Mends() {
  const offer = useEditing((state) => state.offer);
  const first = useRef<HTMLButtonElement>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    if (offer === null) return;
    before.current = document.activeElement;
    first.current?.focus();
    return () => {
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    };
  }, [offer]);
  if (offer === null) return null;
  const { source, target, refusal, mends } = offer;
  return (
    <Anchored card={target[0]} port={target[1]} className="mends" label="The wire was refused" closed={close}>
      <div
        onKeyDown={(event) => {
          const number = Number(event.key);
          if (Number.isInteger(number) && number >= 1 && number <= mends.length) mend(number - 1);
        }}
      >
        <p className="mends-wire">
          {source} → {target.join(".")}
        </p>
        <p role="alert">{refusal.message}</p>
        {refusal.hint !== "" && <p className="dim">{refusal.hint}</p>}
        <div className="mends-list">
          {mends.map((each, i) => (
            <button key={each.title} ref={i === 0 ? first : null} className="button" onClick={() => mend(i)}>
              <kbd className="keycap">{i + 1}</kbd> {each.title}
            </button>
          ))}
          <button ref={mends.length === 0 ? first : null} className="button plain" onClick={close}>
            <kbd className="keycap">Esc</kbd> Leave it
          </button>
        </div>
      </div>
    </Anchored>
  );
}
