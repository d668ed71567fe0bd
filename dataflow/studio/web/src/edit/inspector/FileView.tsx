/** The file itself: its name and text, parameters, inputs, outputs, and its sections. */
import type { Document } from "../../protocol";
import { middle } from "../../canvas/camera";
import { edit, editAt, setText } from "../edits";
import { Combo } from "../fields/Combo";
import { wires } from "../fields/wires";
import { parsed, spelled } from "../plain";
import { Prose } from "../Prose";
import { Adding } from "./Adding";
import { Cards, Line, Note, Part, Row, Tool, Troubles } from "./parts";
import { Section } from "./Section";
import { kind } from "./values";

interface Given {
  document: Document;
  readonly: boolean;
}

export function FileView({ document, readonly }: Given) {
  const { name, path, doc, inputs, outputs, sections, written } = document;
  const ofParams = Object.values(document.params).map(({ line }) => line);
  return (
    <div className="inspector">
      <header className="insp-head">
        <div className="head-name">
          <Combo
            label="Name of the graph"
            value={name}
            mono={false}
            disabled={readonly}
            commit={(text) => setText("Set the name", "name", text)}
          />
        </div>
        <p className="head-kind">
          <span className="mono">{path}</span>
        </p>
      </header>
      {document.readonly !== "" && <p className="dim">Read only: {document.readonly}</p>}
      <Note of="the graph" place="doc" value={doc} placeholder="What this graph does" readonly={readonly} />
      <Troubles problems={document.problems.filter(({ node, line }) => node === "" && !ofParams.includes(line))} />
      <Parameters document={document} readonly={readonly} />
      <Part title="Inputs">
        {Object.entries(inputs).map(([input, { type }]) => (
          <Entry key={input} card={input} text={type} />
        ))}
        {!readonly && (
          <Adding
            what="input"
            hint="float32[N, 64]"
            add={(of, type) => editAt(middle(), `Add input ${of}`, { op: "input", name: of, type })}
          />
        )}
      </Part>
      <Part title="Outputs">
        {Object.entries(outputs).map(([output, { wire }]) => (
          <Entry key={output} card={`output:${output}`} text={wire} />
        ))}
        {!readonly && (
          <Adding
            what="output"
            hint="a wire"
            suggestions={wires(document)}
            add={(of, wire) => edit(`Add output ${of}`, { op: "output", name: of, wire })}
          />
        )}
      </Part>
      {Object.entries(written).map(([section, value]) => (
        <Section key={section} name={section} written={value} value={sections[section] ?? null} readonly={readonly} />
      ))}
    </div>
  );
}

function Entry({ card, text }: { card: string; text: string }) {
  return (
    <p className="insp-entry">
      <Cards names={[card]} none="" /> <code>{text}</code>
    </p>
  );
}

function Parameters({ document, readonly }: Given) {
  return (
    <Part title="Parameters">
      {Object.entries(document.params).map(([name, { type, value, default: given, required, doc, line }]) => {
        const place = `params.${name}`;
        const remove = () => edit(`Remove parameter ${name}`, { op: "remove", place });
        return (
          <Row
            key={name}
            name={name}
            about={doc}
            missing={required && value === null}
            problems={document.problems.filter((problem) => problem.line === line && problem.node === "")}
            tools={!readonly && <Tool title={`Remove the parameter ${name}`} sign="×" does={remove} />}
            doc={
              <>
                <Prose text={doc} /> <Line number={line} />
              </>
            }
          >
            <Combo
              label={`Parameter ${name}`}
              value={required ? "" : spelled(given)}
              disabled={readonly}
              placeholder={required ? kind(type) : type}
              commit={(text) => edit(`Set parameter ${name}`, { op: "set", place, value: parsed(text) })}
            />
            {value !== null && spelled(value) !== spelled(given) && <span className="attr-value">{spelled(value)} in this session</span>}
          </Row>
        );
      })}
      {!readonly && (
        <Adding
          what="parameter"
          hint="8"
          add={(of, text) => edit(`Add parameter ${of}`, { op: "set", place: `params.${of}`, value: parsed(text) })}
        />
      )}
    </Part>
  );
}
