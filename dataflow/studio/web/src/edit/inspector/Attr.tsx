/** One attr of a node, or of several: as it is written, with its type, limits, choices and documentation. */
import { useEffect, useId, useRef, useState } from "react";
import { perform } from "../../commands";
import type { Plain, Written } from "../../protocol";
import { useStudio } from "../../store";
import { edit } from "../edits";
import { Combo, type Suggestion } from "../fields/Combo";
import { Choice } from "../fields/Choice";
import { params } from "../fields/wires";
import { spelled } from "../plain";
import { bare, Prose } from "../Prose";
import { useEditing, editing } from "../state";
import { limits, placeholder, read, stepped, type AttrInfo } from "./values";

interface Given {
  name: string;
  info: AttrInfo | null; // null: of a graph file
  written: Written;
  places: string[]; // in the file: that of the attr in each of the nodes
  several?: boolean; // whether the nodes have it differently
  readonly: boolean;
}

export function Attr({ name, info, written, places, several = false, readonly }: Given) {
  const { param } = written;
  const [here, setHere] = useState(false);
  const row = useRef<HTMLDivElement>(null);
  const id = useId();
  const asked = useEditing((state) => state.field === name);
  useEffect(() => {
    if (!asked) return;
    row.current?.querySelector<HTMLElement>("input, select")?.focus();
    editing({ field: null });
  }, [asked]);
  useEffect(() => setHere(false), [param, places.join()]);
  const set = (value: Plain) =>
    edit(`Set ${told(places, name)}`, ...places.map((place) => ({ op: "set", place, value }) as const));
  const reset = () => edit(`Reset ${told(places, name)}`, ...places.map((place) => ({ op: "remove", place }) as const));
  const computed = written.written !== "" && param === "" && written.written.includes("$");
  const about = [info?.doc, info && limits(info)].filter(Boolean).join("; ");
  const tools = !readonly && (
    <span className="attr-tools">
      {written.written !== "" && param === "" && !computed && places.length === 1 && (
        <button
          className="tool"
          title="Make it a parameter of the graph"
          aria-label={`Make ${name} a parameter`}
          onClick={() => void perform(() => edit(`Make ${name} a parameter`, { op: "param", name, place: places[0]! }))}
        >
          $
        </button>
      )}
      {(written.written !== "" || several) && !info?.required && (
        <button className="tool" title="Back to the default" aria-label={`Reset ${name}`} onClick={() => void perform(reset)}>
          ↺
        </button>
      )}
    </span>
  );
  return (
    <div className="attr" ref={row}>
      <span className={info?.required && written.written === "" && !several ? "attr-name missing" : "attr-name"} title={bare(about)}>
        {name}
        {tools}
      </span>
      <div className="attr-field">
        {param !== "" && !here ? (
          <ByParam attr={name} param={param} info={info} readonly={readonly} here={() => setHere(true)} />
        ) : (
          <Value
            label={name}
            info={info}
            text={several ? "" : written.written}
            hint={several ? "several values" : info ? placeholder(info) : spelled(written.value)}
            describedBy={about === "" ? undefined : id}
            readonly={readonly}
            commit={(text) => (text.trim() === "" ? reset() : set(read(text, info)))}
          />
        )}
        {computed && <span className="attr-value">= {spelled(written.value)}</span>}
      </div>
      {about !== "" && (
        <p className="attr-doc" id={id}>
          <Prose text={about} />
        </p>
      )}
    </div>
  );
}

function told(places: string[], name: string): string {
  return places.length === 1 ? places[0]!.replace(/^nodes\./, "").replace(/\.attrs\./, ".") : `${name} of ${places.length} nodes`;
}

/** An attr that a parameter gives: the parameter is what is changed, unless only this place is meant. */
function ByParam({ attr, param, info, readonly, here }: { attr: string; param: string; info: AttrInfo | null; readonly: boolean; here: () => void }) {
  const known = useStudio((state) => state.document?.params[param]);
  const shares = useStudio(({ document }) => {
    const nodes = Object.values(document?.nodes ?? {});
    return nodes.reduce((sum, { attrs, inputs }) => sum + [...Object.values(attrs), ...Object.values(inputs)].filter((each) => each.param === param).length, 0);
  });
  const value = known === undefined ? "" : spelled(known.default);
  return (
    <div className="by-param">
      <Value
        label={`${attr}: parameter ${param}`}
        info={info}
        text={value}
        hint=""
        plain
        readonly={readonly || known === undefined}
        commit={(text) => edit(`Set parameter ${param}`, { op: "set", place: `params.${param}`, value: read(text, info) })}
      />
      <p className="attr-param">
        parameter <b>${param}</b>
        {shares > 1 && `, of ${shares} places`}
        {!readonly && (
          <button className="link" onClick={here}>
            only here
          </button>
        )}
      </p>
    </div>
  );
}

interface ValueGiven {
  label: string;
  info: AttrInfo | null;
  text: string;
  hint: string;
  plain?: boolean; // without the parameters among the suggestions
  describedBy?: string | undefined;
  readonly: boolean;
  commit: (text: string) => unknown;
}

/** The field that fits an attr: a choice, a number that the arrow keys step, or text with suggestions. */
export function Value({ label, info, text, hint, plain = false, describedBy, readonly, commit }: ValueGiven) {
  const document = useStudio((state) => state.document);
  const dtypes = useStudio((state) => state.blocks);
  const named = plain || document === null ? [] : params(document);
  const choices = info?.type === "bool" ? ["true", "false"] : (info?.choices ?? []).map(spelled);
  if (choices.length > 0 && choices.length <= 12)
    return <Choice label={label} value={text} choices={choices} more={named.map((each) => each.text)} hint={hint} describedBy={describedBy} disabled={readonly} commit={commit} />;
  const suggestions: Suggestion[] = info?.type === "Dtype" ? everyDtype(dtypes).map((each) => ({ text: each })) : choices.map((each) => ({ text: each }));
  return (
    <Combo
      label={label}
      value={text}
      placeholder={hint}
      suggestions={[...suggestions, ...named]}
      describedBy={describedBy}
      disabled={readonly}
      {...(info && { step: (now: string, by: 1 | -1) => stepped(now, by, info) })}
      commit={commit}
    />
  );
}

function everyDtype(blocks: { inputs: { dtypes: string[] }[]; outputs: { dtypes: string[] }[] }[]): string[] {
  return [...new Set(blocks.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].flatMap(({ dtypes }) => dtypes)))];
}
