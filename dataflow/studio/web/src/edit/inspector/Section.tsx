/** A section of the file, such as `train`: its keys and values, each to be changed where it stands. */
import type { Plain } from "../../protocol";
import { useStudio } from "../../store";
import { edit } from "../edits";
import { Combo } from "../fields/Combo";
import { params } from "../fields/wires";
import { parsed, spelled } from "../plain";
import { ByParam } from "./ByParam";
import { Part, Row, Tool } from "./parts";

const DEEPEST = 4; // mappings within mappings that have rows of their own

interface Given {
  name: string;
  written: Plain; // as the file has it
  value: Plain; // what it comes to
  readonly: boolean;
}

export function Section({ name, ...given }: Given) {
  return (
    <Part title={name}>
      <Entries place={name} name={name} depth={0} {...given} />
    </Part>
  );
}

type EntryGiven = Given & { place: string; depth: number };

function Entries({ place, name, written, value, depth, readonly }: EntryGiven) {
  if (!isMapping(written)) return <Leaf {...{ place, name, written, value, depth, readonly }} />;
  return Object.entries(written).map(([key, each]) => {
    const inner = isMapping(value) ? (value[key] ?? null) : null;
    const given = { place: `${place}.${key}`, name: key, written: each, value: inner, depth: depth + 1, readonly };
    return isMapping(each) && depth < DEEPEST ? (
      <div className="insp-nested" key={key}>
        <p className="attr-name">{key}</p>
        <Entries {...given} />
      </div>
    ) : (
      <Leaf key={key} {...given} />
    );
  });
}

function isMapping(value: Plain): value is Record<string, Plain> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function Leaf({ place, name, written, value, readonly }: EntryGiven) {
  const known = useStudio((state) => state.document?.params);
  const param = typeof written === "string" && written.startsWith("$") ? written.slice(1) : "";
  const remove = () => edit(`Remove ${place}`, { op: "remove", place });
  return (
    <Row name={name} tools={!readonly && <Tool title={`Remove ${place}`} sign="×" does={remove} />}>
      {param !== "" && known?.[param] !== undefined ? (
        <ByParam attr={place} param={param} info={null} readonly={readonly} />
      ) : (
        <Own place={place} written={written} value={value} readonly={readonly} />
      )}
    </Row>
  );
}

function Own({ place, written, value, readonly }: { place: string; written: Plain; value: Plain; readonly: boolean }) {
  const document = useStudio((state) => state.document)!;
  const computed = typeof written === "string" && written.includes("$") && value !== null;
  return (
    <>
      <Combo
        label={place}
        value={spelled(written)}
        suggestions={params(document)}
        disabled={readonly}
        commit={(text) => edit(`Set ${place}`, { op: "set", place, value: parsed(text) })}
      />
      {computed && <span className="attr-value">= {spelled(value)}</span>}
    </>
  );
}
