/** Why a wire was refused, at the port where it should have ended, with what would make it right. */
import { perform } from "../commands";
import { useStudio } from "../store";
import { dot } from "./geometry";
import { cardsById } from "./scene";
import { useCanvas } from "./state";
import { mend } from "./wire";

export function RefusedWire() {
  const refused = useCanvas((state) => state.refused);
  const scene = useStudio(({ document }) => document?.scene);
  const card = refused === null || scene === undefined ? undefined : cardsById(scene).get(refused.end.card);
  if (refused === null || card === undefined) return null;
  const at = dot(card, refused.end);
  if (at === null) return null;
  const { message, hint } = refused.refusal;
  return (
    <div className="refused-wire nodrag nopan nowheel" role="alert" style={{ left: at[0], top: at[1] + 12 }}>
      <p>{message}</p>
      {hint !== "" && <p className="hint">{hint}</p>}
      {refused.mends.length > 0 && (
        <div className="mends">
          {refused.mends.slice(0, 9).map(({ title }, i) => (
            <button key={title} className="button" onPointerDown={(event) => event.stopPropagation()} onClick={() => void perform(() => mend(i))}>
              <kbd>{i + 1}</kbd> {title}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
