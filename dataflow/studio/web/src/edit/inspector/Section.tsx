/** A section of the file, such as `train`: its keys and values, each to be changed where it stands, and one more of them. */
import { ask } from "../../connection";
import type { Plain } from "../../protocol";
import { useStudio } from "../../store";
import { edit } from "../edits";
import { Combo } from "../fields/Combo";
import { parsed, spelled } from "../plain";
import { ByParam } from "./ByParam";
import { bareOptions, More, type Path } from "./More";
import { Part, Row, Tool } from "./parts";

const DEEPEST = 5; // keys that lead to what has a row of its own

interface Given {
  name: string;
  written: Plain; // as the file has it
  value: Plain; // what it comes to
  readonly: boolean;
}

export function Section(given: Given) {
  return (
    <Part title={given.name}>
      <Entry path={[given.name]} {...given} />
    </Part>
  );
}

type EntryGiven = Omit<Given, "name"> & { path: Path; name?: string };

/** A mapping, or a list of mappings, with what is in it; else a field. */
function Entry({ path, name = "", written, value, readonly }: EntryGiven) {
  const place = path.join(".");
  const items = Array.isArray(written) && written.length > 0 && written.every(isMapping);
  const remove = !readonly && path.length > 1 && <Tool title={`Remove ${place}`} sign="×" does={() => edit(`Remove ${place}`, { op: "remove", place })} />;
  if (path.length > DEEPEST || !(items || isMapping(written)))
    return (
      <Row name={name} tools={remove}>
        <Leaf {...{ path, written, value, readonly }} />
      </Row>
    );
  const inner = value as Record<string, Plain> | null;
  const entries = Object.entries(written as Record<string, Plain>).map(([key, each], i) => (
    <Entry
      key={key}
      path={[...path, items ? i : key]}
      name={items ? String(i + 1) : key}
      written={each}
      value={inner?.[key] ?? null}
      readonly={readonly}
    />
  ));
  const more = !readonly && (items ? <Item path={path} list={written as Plain[]} /> : <Key path={path} />);
  if (path.length === 1) return <>{entries}{more}</>;
  return (
    <div className="insp-nested">
      <Row name={name} tools={remove}>{null}</Row>
      {entries}
      {more}
    </div>
  );
}

const isMapping = (value: Plain): boolean => value !== null && typeof value === "object" && !Array.isArray(value);

/** One more key of a mapping. */
function Key({ path }: { path: Path }) {
  const add = (made: Plain) => {
    const [[key, value]] = Object.entries(made as Record<string, Plain>) as [[string, Plain]];
    const place = [...path, key].join(".");
    return edit(`Add ${place}`, { op: "set", place, value });
  };
  return <More path={path} put={add} what={path.join() === "data" ? "split" : "key"} of={path} />;
}

/** One more item of a list. */
function Item({ path, list }: { path: Path; list: Plain[] }) {
  const place = path.join(".");
  return <More path={[...path, list.length]} put={(value) => edit(`Add to ${place}`, { op: "append", place, value })} what="item" of={path} />;
}

function Leaf({ path, written, value, readonly }: EntryGiven) {
  const known = useStudio((state) => state.document?.params);
  const place = path.join(".");
  const text = typeof written === "string" ? written : "";
  if (text.startsWith("$") && known?.[text.slice(1)] !== undefined)
    return <ByParam attr={place} param={text.slice(1)} info={null} readonly={readonly} />;
  return (
    <>
      <Combo
        label={place}
        value={spelled(written)}
        suggestions={() => ask("offers", { place: path }).then(bareOptions)}
        disabled={readonly}
        commit={(typed) => edit(`Set ${place}`, { op: "set", place, value: parsed(typed) })}
      />
      {text.includes("$") && value !== null && <span className="attr-value">= {spelled(value)}</span>}
      {!readonly && Array.isArray(written) && !written.some((each) => typeof each === "number") && <Item path={path} list={written} />}
    </>
  );
}
