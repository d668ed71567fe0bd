/** The name of a card, typed where it stands. */
import { useEffect, useRef, useState } from "react";
import { reveal, screenPoint } from "../../canvas/camera";
import { focusCard } from "../../canvas/focus";
import { perform } from "../../commands";
import { writes } from "../../keys";
import { get, set, useStudio } from "../../store";
import { drawn, edit, nameOf, placeOf } from "../edits";
import { editing, useEditing } from "../state";
import { Popover } from "./Popover";

const close = () => editing({ naming: null });

export function Naming() {
  const id = useEditing((state) => state.naming);
  const there = useStudio((state) => state.document?.scene.cards.some((card) => card.id === id) ?? false);
  return id !== null && there ? <Name key={id} id={id} /> : null;
}

function Name({ id }: { id: string }) {
  const [text, setText] = useState(nameOf(id));
  const field = useRef<HTMLInputElement>(null);
  const [at, setAt] = useState(() => placeOfCard(id));
  useEffect(() => {
    reveal(id, false);
    // after what was open gave the focus back, and the canvas went there
    const timers = [0, 220].map((wait) =>
      setTimeout(() => {
        setAt(placeOfCard(id));
        if (wait === 0) field.current?.select();
      }, wait),
    );
    return () => timers.forEach(clearTimeout);
  }, [id]);
  return (
    <Popover at={at} className="naming" label="Name" closed={close}>
      <input
        ref={field}
        className="field"
        aria-label={`Name of ${nameOf(id)}`}
        value={text}
        size={Math.max(14, text.length + 1)}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          close();
          void perform(async () => {
            const renamed = await rename(id, text.trim());
            await drawn();
            if (!writes(document.activeElement)) focusCard(renamed); // else someone types elsewhere by now
          });
        }}
      />
      <kbd className="keycap">Enter</kbd>
    </Popover>
  );
}

function placeOfCard(id: string): [number, number] {
  const card = get().document?.scene.cards.find((each) => each.id === id);
  const [x, y] = screenPoint(card === undefined ? [0, 0] : [card.x, card.y]);
  return [x - 9, y - 6];
}

/** Give a card another name, wherever the file names it; it stays selected. Gives the card then. */
export async function rename(id: string, name: string): Promise<string> {
  const { document } = get();
  const old = nameOf(id);
  if (document === null || name === old || name === "") return id;
  await edit(`rename ${old} to ${name}`, { op: "rename", place: placeOf(id, document), name });
  const renamed = id.startsWith("output:") ? `output:${name}` : name;
  set({ selected: [renamed] });
  return renamed;
}
