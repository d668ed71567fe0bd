/** A section of the file, such as `train`: its keys and values, each to be changed where it stands. */
import type { Plain } from "../../protocol";
import { edit } from "../edits";
import { Combo } from "../fields/Combo";
import { parsed, spelled } from "../plain";
import { Part, Tool } from "./parts";

const DEEPEST = 4; // mappings within mappings that have rows of their own

interface Given {
  name: string;
  value: Plain;
  readonly: boolean;
}

export function Section({ name, value, readonly }: Given) {
  return (
    <Part title={name}>
      <Entries place={name} value={value} depth={0} readonly={readonly} />
    </Part>
  );
}

function Entries({ place, value, depth, readonly }: { place: string; value: Plain; depth: number; readonly: boolean }) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return <Leaf place={place} name={place} value={value} readonly={readonly} />;
  return Object.entries(value).map(([key, each]) => {
    const at = `${place}.${key}`;
    const nested = each !== null && typeof each === "object" && !Array.isArray(each) && depth < DEEPEST;
    return nested ? (
      <div className="insp-nested" key={key}>
        <p className="attr-name">{key}</p>
        <Entries place={at} value={each} depth={depth + 1} readonly={readonly} />
      </div>
    ) : (
      <Leaf key={key} place={at} name={key} value={each} readonly={readonly} />
    );
  });
}

function Leaf({ place, name, value, readonly }: { place: string; name: string; value: Plain; readonly: boolean }) {
  return (
    <div className="attr">
      <span className="attr-name">
        {name}
        <span className="attr-tools">{!readonly && <Tool title={`Remove ${place}`} sign="×" does={() => edit(`Remove ${place}`, { op: "remove", place })} />}</span>
      </span>
      <div className="attr-field">
        <Combo label={place} value={spelled(value)} disabled={readonly} commit={(text) => edit(`Set ${place}`, { op: "set", place, value: parsed(text) })} />
      </div>
    </div>
  );
}
