/** One attr of a node, or of several: as it is written, with its type, limits, choices and documentation. */
import { useEffect, useId, useState } from "react";
import { perform } from "../../commands";
import type { Plain, Problem, Written } from "../../protocol";
import { get } from "../../store";
import { edit, unlike } from "../edits";
import { spelled } from "../plain";
import { Prose } from "../Prose";
import { ByParam } from "./ByParam";
import { Row } from "./parts";
import { Value } from "./Value";
import { limits, placeholder, read, type AttrInfo } from "./values";

interface Given {
  name: string;
  info: AttrInfo | null; // null: nothing is known of it
  problems?: Problem[]; // with its value
  lacking?: boolean; // whether the node needs it as it is wired
  written: Written;
  places: string[]; // in the file: that of the attr in each of the nodes
  several?: boolean; // whether the nodes have it differently
  readonly: boolean;
}

export function Attr({ name, info, written, problems = [], lacking = false, places, several = false, readonly }: Given) {
  const { param } = written;
  const [here, setHere] = useState(false);
  const id = useId();
  useEffect(() => setHere(false), [param, places.join()]);
  const set = (value: Plain) =>
    edit(`Set ${told(places, name)}`, ...places.map((place) => ({ op: "set", place, value }) as const));
  const reset = () => edit(`Reset ${told(places, name)}`, ...places.map((place) => ({ op: "remove", place }) as const));
  const computed = written.written !== "" && param === "" && written.written.includes("$");
  const about = [info?.doc, info && limits(info)].filter(Boolean).join("; ");
  const tools = !readonly && (
    <>
      {written.written !== "" && param === "" && !computed && places.length === 1 && (
        <button
          className="tool"
          title="Make it a parameter of the graph"
          aria-label={`Make ${name} a parameter`}
          onClick={() => void perform(() => asParam(name, places[0]!))}
        >
          $
        </button>
      )}
      {(written.written !== "" || several) && !info?.required && (
        <button className="tool" title="Back to the default" aria-label={`Reset ${name}`} onClick={() => void perform(reset)}>
          ↺
        </button>
      )}
    </>
  );
  return (
    <Row
      name={name}
      about={about}
      missing={lacking || (info?.required === true && written.written === "" && written.value === null && !several)}
      problems={problems}
      tools={tools}
      doc={about !== "" && <Prose text={about} />}
      docId={id}
    >
      {param !== "" && !here ? (
        <ByParam attr={name} param={param} info={info} readonly={readonly} here={() => setHere(true)} />
      ) : (
        <Value
          label={name}
          info={info}
          text={several ? "" : written.written}
          hint={several ? "several values" : info ? placeholder(info, written.value) : written.value === null ? "" : spelled(written.value)}
          describedBy={about === "" ? undefined : id}
          readonly={readonly}
          commit={(text) => (text.trim() === "" ? reset() : set(read(text, info)))}
        />
      )}
      {computed && <span className="attr-value">= {spelled(written.value)}</span>}
    </Row>
  );
}

/** Make the value at a place a parameter, by the name of the attr or one that is free. */
async function asParam(attr: string, place: string): Promise<void> {
  const name = unlike(attr, get().document?.params ?? {});
  await edit(`Make ${attr} a parameter`, { op: "param", name, place });
}

function told(places: string[], name: string): string {
  return places.length === 1 ? places[0]!.replace(/^nodes\./, "").replace(/\.attrs\./, ".") : `${name} of ${places.length} nodes`;
}
