/** The file itself: its name and text, parameters, inputs, outputs, and its sections. */
import { useState } from "react";
import type { Document } from "../../protocol";
import { edit } from "../edits";
import { Combo } from "../fields/Combo";
import { Text } from "../fields/Text";
import { wires } from "../fields/wires";
import { parsed, spelled } from "../plain";
import { bare, Prose } from "../Prose";
import { Cards, Line, Part, Tool, Troubles } from "./parts";
import { Section } from "./Section";

export function FileView({ document, readonly }: { document: Document; readonly: boolean }) {
  const { name, path, doc, params, inputs, outputs, sections, written } = document;
  return (
    <div className="inspector">
      <header className="insp-head">
        <div className="head-name">
          <Combo label="Name of the graph" value={name} mono={false} disabled={readonly} commit={(text) => edit("Set the name", { op: "set", place: "name", value: text.trim() })} />
        </div>
        <p className="head-kind">
          <span className="mono">{path}</span>
        </p>
      </header>
      {document.readonly !== "" && <p className="dim">Read only: {document.readonly}</p>}
      <Text label="What the graph is" value={doc} placeholder="What this graph does" disabled={readonly} commit={(text) => edit("Set the text of the graph", text.trim() === "" ? { op: "remove", place: "doc" } : { op: "set", place: "doc", value: text.trim() })} />
      <Troubles problems={document.problems.filter((problem) => problem.node === "")} />
      <Part title="Parameters">
        {Object.entries(params).map(([param, { type, value, default: given, doc: about, line }]) => (
          <div className="attr" key={param}>
            <span className="attr-name" title={bare(about)}>
              {param}
              <span className="attr-tools">{!readonly && <Tool title={`Remove the parameter ${param}`} sign="×" does={() => edit(`Remove parameter ${param}`, { op: "remove", place: `params.${param}` })} />}</span>
            </span>
            <div className="attr-field">
              <Combo label={`Parameter ${param}`} value={spelled(given)} disabled={readonly} placeholder={type} commit={(text) => edit(`Set parameter ${param}`, { op: "set", place: `params.${param}`, value: parsed(text) })} />
              {spelled(value) !== spelled(given) && <span className="attr-value">{spelled(value)} in this session</span>}
            </div>
            <p className="attr-doc">
              <Prose text={about} /> <Line number={line} />
            </p>
          </div>
        ))}
        {!readonly && <Adding what="parameter" hint="8" add={(of, text) => edit(`Add parameter ${of}`, { op: "set", place: `params.${of}`, value: parsed(text) })} />}
      </Part>
      <Part title="Inputs">
        {Object.entries(inputs).map(([input, { type }]) => (
          <p className="insp-entry" key={input}>
            <Cards names={[input]} none="" /> <code>{type}</code>
          </p>
        ))}
        {!readonly && <Adding what="input" hint="float32[N, 64]" add={(of, type) => edit(`Add input ${of}`, { op: "input", name: of, type })} />}
      </Part>
      <Part title="Outputs">
        {Object.entries(outputs).map(([output, { wire }]) => (
          <p className="insp-entry" key={output}>
            <Cards names={[`output:${output}`]} none="" /> <code>{wire}</code>
          </p>
        ))}
        {!readonly && <Adding what="output" hint="a wire" suggestions={wires(document)} add={(of, wire) => edit(`Add output ${of}`, { op: "output", name: of, wire })} />}
      </Part>
      {Object.entries(written).map(([section, value]) => (
        <Section key={section} name={section} written={value} value={sections[section] ?? null} readonly={readonly} />
      ))}
    </div>
  );
}

interface AddingGiven {
  what: string;
  hint: string;
  suggestions?: { text: string; detail?: string }[];
  add: (name: string, text: string) => Promise<unknown>;
}

/** Fields for one more: its name, then its value. */
function Adding({ what, hint, suggestions, add }: AddingGiven) {
  const [name, setName] = useState<string | null>(null);
  if (name === null)
    return (
      <button className="link insp-add" onClick={() => setName("")}>
        + {what}
      </button>
    );
  return (
    <div className="attr">
      <input className="field mono" autoFocus aria-label={`Name of the new ${what}`} placeholder="name" value={name} spellCheck={false} onChange={(event) => setName(event.target.value)} onKeyDown={(event) => event.key === "Escape" && setName(null)} />
      <div className="attr-field">
        <Combo
          label={`Value of the new ${what}`}
          value=""
          placeholder={hint}
          {...(suggestions && { suggestions })}
          commit={async (text) => {
            if (name.trim() === "") throw new Error("a name comes first");
            await add(name.trim(), text.trim());
            setName(null);
          }}
        />
      </div>
    </div>
  );
}
