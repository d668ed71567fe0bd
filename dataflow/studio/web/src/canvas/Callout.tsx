/** What is wrong, beside the card or port that it is about and in letters that can be read at any zoom. */
import { useEffect, useRef, type ReactNode } from "react";
import { perform } from "../commands";
import { useStudio } from "../store";
import { follow } from "./camera";
import { dot, type Point } from "./geometry";
import { unfinished, useProblems } from "./problems";
import { cardsById } from "./scene";
import { useCanvas, type Refused } from "./state";
import { mend } from "./wire";

export function Callouts() {
  const refused = useCanvas((state) => state.refused);
  return refused !== null ? <RefusedWire refused={refused} /> : <Troubles />;
}

/** A box below a place of the scene, which goes along when the canvas is moved. */
function Callout({ at, role, children }: { at: Point; role: "alert" | "note"; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [x, y] = at;
  useEffect(() => // anew each time: what it says, and so its size, may be other
      follow((viewport) => {
        const element = box.current;
        const frame = element?.parentElement;
        if (element === null || frame === null || frame === undefined) return;
        const left = Math.max(8, Math.min(x * viewport.zoom + viewport.x, frame.clientWidth - element.offsetWidth - 8));
        const below = Math.max(8, Math.min(y * viewport.zoom + viewport.y + 10, frame.clientHeight - element.offsetHeight - 8));
        element.style.transform = `translate(${Math.round(left)}px, ${Math.round(below)}px)`;
      }),
  );
  return (
    <div className="callout" role={role} ref={box} onPointerDown={(event) => event.stopPropagation()}>
      {children}
    </div>
  );
}

/** Why a wire was refused, with what would make it right. */
function RefusedWire({ refused }: { refused: Refused }) {
  const card = useStudio(({ document }) => document && cardsById(document.scene).get(refused.end.card));
  if (!card) return null;
  const at: Point = dot(card, refused.end) ?? [card.x, card.y + card.height]; // of one more item of a list, which has no port yet
  const { message, hint } = refused.refusal;
  const mends = refused.mends ?? [];
  return (
    <Callout at={at} role="alert">
      <p>{message}</p>
      {hint !== "" && <p className="hint">{hint}</p>}
      {mends.length > 0 && (
        <div className="mends">
          {mends.map(({ title }, i) => (
            <button key={title} className="button" onClick={() => void perform(() => mend(i))}>
              <kbd>{i + 1}</kbd> {title}
            </button>
          ))}
        </div>
      )}
    </Callout>
  );
}

/** The problems of the card under the mouse, or else of the one that is selected. */
function Troubles() {
  const hovered = useCanvas((state) => state.hovered);
  const selected = useStudio((state) => (state.selected.length === 1 ? state.selected[0]! : null));
  const dragging = useCanvas(({ moved }) => Object.keys(moved).length > 0);
  const over = useProblems(hovered ?? "");
  const chosen = useProblems(selected ?? "");
  const told = unfinished(chosen) ? [] : chosen; // what is still to be wired stands in the panel
  const [id, problems] = over.length > 0 ? [hovered, over] : [selected, told];
  const card = useStudio(({ document }) => (document === null || id === null ? undefined : cardsById(document.scene).get(id)));
  if (card === undefined || problems.length === 0 || dragging) return null;
  return (
    <Callout at={[card.x, card.y + card.height]} role="note">
      {problems.map(({ message, hint, line, port }) => (
        <p key={`${line} ${port} ${message}`}>
          {message}
          {hint !== "" && <span className="hint"> {hint}</span>}
        </p>
      ))}
    </Callout>
  );
}
