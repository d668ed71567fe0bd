/** The outputs of a node: their types, and who reads them. */
import type { BlockInfo, Document, NodeModel } from "../../protocol";
import { edit, unlike, wireText } from "../edits";
import { familyOf } from "../families";
import { Cards, Part, Tool } from "./parts";
import { dtypeOf } from "../palette/addition";

interface Given {
  document: Document;
  node: NodeModel;
  info: BlockInfo | null;
  readonly: boolean;
}

export function Outputs({ document, node, info, readonly }: Given) {
  const ports = Object.entries(node.outputs);
  if (ports.length === 0) return null;
  return (
    <Part title="Outputs">
      {ports.map(([port, { type, readers }]) => {
        const wire = wireText(node.name, port, document);
        const given = Object.entries(document.outputs).filter(([, output]) => output.wire === wire);
        const name = unlike(port === Object.keys(node.outputs)[0] ? node.name : port, document.outputs);
        return (
          <div className="insp-output" key={port}>
            <p className="output-head" title={info?.outputs.find((each) => each.name === port)?.doc}>
              <i className={`type-dot ${familyOf(type === "" ? [] : [dtypeOf(type)])}`} /> <b>{port}</b> <code>{type || "type not known"}</code>
              {!readonly && <Tool title={`Make ${wire} an output of the graph`} sign="⇥" does={() => edit(`Add output ${name}`, { op: "output", name, wire })} />}
            </p>
            <p className="output-readers">
              <span className="dim">read by</span>{" "}
              <Cards names={[...readers, ...given.map(([output]) => `output:${output}`).filter((card) => !readers.includes(card))]} none="nothing" />
            </p>
          </div>
        );
      })}
    </Part>
  );
}
