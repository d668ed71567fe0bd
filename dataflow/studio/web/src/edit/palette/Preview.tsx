/** A block before it is added: its card with the ports, and what its documentation says of them. */
import type { CSSProperties } from "react";
import type { BlockInfo } from "../../protocol";
import { familyOf } from "../families";
import { spelled } from "../plain";
import { Prose } from "../Prose";
import { ofGraph, type Entry } from "./entries";

export function Preview({ entry }: { entry: Entry }) {
  const { info } = entry;
  return (
    <section className="block-preview" tabIndex={0} aria-label={`About ${entry.name}`} style={{ "--hue": entry.hue } as CSSProperties}>
      <div className="preview-card" aria-hidden="true">
        <div className="preview-head">{entry.name}</div>
        {info && <Ports info={info} />}
      </div>
      <p>
        <Prose text={entry.summary} />
      </p>
      {info === null && !ofGraph(entry) && <p className="dim">A graph file: {entry.block}</p>}
      {info && <Parts title="Inputs" parts={info.inputs} />}
      {info && <Parts title="Outputs" parts={info.outputs} />}
      {info && info.attrs.length > 0 && <Attrs attrs={info.attrs} />}
    </section>
  );
}

function Ports({ info }: { info: BlockInfo }) {
  const rows = Math.max(info.inputs.length, info.outputs.length);
  return Array.from({ length: Math.min(rows, 8) }, (_, i) => {
    const [left, right] = [info.inputs[i], info.outputs[i]];
    return (
      <div className="preview-row" key={i}>
        {left && (
          <span className={`preview-port ${familyOf(left.dtypes)}`}>
            <i className={left.optional || left.static ? "type-dot hollow" : "type-dot"} /> {left.name}
            {left.many && "…"}
          </span>
        )}
        {right && (
          <span className={`preview-port right ${familyOf(right.dtypes)}`}>
            {right.name} <i className="type-dot" />
          </span>
        )}
      </div>
    );
  });
}

function Parts({ title, parts }: { title: string; parts: { name: string; type: string; doc: string }[] }) {
  if (parts.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <dl>
        {parts.map(({ name, type, doc }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Prose text={doc} /> <code>{type}</code>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Attrs({ attrs }: { attrs: BlockInfo["attrs"] }) {
  return (
    <>
      <h3>Attributes</h3>
      <dl>
        {attrs.map(({ name, doc, required, default: value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Prose text={doc} /> {required ? <em>must be given</em> : <code>{spelled(value)}</code>}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
