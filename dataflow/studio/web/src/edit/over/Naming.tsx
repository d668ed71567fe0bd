/** The name of a card, typed where it stands. */
import { useEffect, useRef, useState } from "react";
import { perform } from "../../commands";
import { set, useStudio } from "../../store";
import { edit, nameOf, placeOf } from "../edits";
import { editing, useEditing } from "../state";
import { Anchored } from "./Anchored";

export function Naming() {
  const card = useEditing((state) => state.naming);
  const there = useStudio((state) => state.document?.scene.cards.some((each) => each.id === card) ?? false);
  return card !== null && there ? <Name key={card} card={card} /> : null;
}

function Name({ card }: { card: string }) {
  const [text, setText] = useState(nameOf(card));
  const field = useRef<HTMLInputElement>(null);
  const before = useRef(document.activeElement);
  useEffect(() => {
    const timer = requestAnimationFrame(() => field.current?.select()); // after what was open gave the focus back
    return () => cancelAnimationFrame(timer);
  }, []);
  const close = () => {
    editing({ naming: null });
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  };
  return (
    <Anchored card={card} className="naming" label="Name" closed={close}>
      <input
        ref={field}
        className="field"
        aria-label={`Name of ${nameOf(card)}`}
        value={text}
        size={Math.max(12, text.length + 2)}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          void perform(() => rename(card, text.trim()));
          close();
        }}
      />
      <kbd>Enter</kbd>
    </Anchored>
  );
}

/** Give a card another name, wherever the file names it; it stays selected. */
export async function rename(card: string, name: string): Promise<void> {
  const document = useStudio.getState().document;
  const old = nameOf(card);
  if (document === null || name === old || name === "") return;
  const renamed = card.startsWith("output:") ? `output:${name}` : name;
  await edit(`Rename ${old} to ${name}`, { op: "rename", place: placeOf(card, document), name });
  set(({ selected }) => ({ selected: selected.map((id) => (id === card ? renamed : id)) }));
}
