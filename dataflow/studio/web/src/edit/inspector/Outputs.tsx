/** The outputs of a node: their types, and who reads them. */
import type { BlockInfo, Document, NodeModel } from "../../protocol";
import { wireText } from "../../canvas/scene";
import { edit, unlike } from "../edits";
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
        const given = Object.keys(document.outputs).filter((output) => document.outputs[output]!.wire === wire);
        const all = [...new Set([...readers, ...given.map((output) => `output:${output}`)])];
        const name = unlike(port === ports[0]![0] ? node.name : port, document.outputs);
        const add = () => edit(`Add output ${name}`, { op: "output", name, wire });
        return (
          <div className="insp-output" key={port}>
            <p className="output-head" title={info?.outputs.find((each) => each.name === port)?.doc}>
              <i className={`type-dot ${familyOf(type === "" ? [] : [dtypeOf(type)])}`} /> <b>{port}</b>{" "}
              <code>{type || "type not known"}</code>
              {!readonly && <Tool title={`Make ${wire} an output of the graph`} sign="⇥" does={add} />}
            </p>
            <p className="output-readers">
              <span className="dim">read by</span> <Cards names={all} none="nothing" />
            </p>
          </div>
        );
      })}
    </Part>
  );
}
