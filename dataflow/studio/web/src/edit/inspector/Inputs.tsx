/** The inputs of a node: wires and literals, with what they may be. */
import type { BlockInfo, Document, NodeModel } from "../../protocol";
import { familyOf } from "../families";
import { Combo } from "../fields/Combo";
import { examples, params, wires } from "../fields/wires";
import { appendInput, isItem, setInput } from "../inputs";
import { spelled } from "../plain";
import { dtypeOf } from "../palette/addition";
import { Prose } from "../Prose";
import { Part, Row } from "./parts";

interface Given {
  document: Document;
  node: NodeModel;
  info: BlockInfo | null;
  readonly: boolean;
}

interface PortRow {
  port: string;
  info: BlockInfo["inputs"][number] | null;
  added: boolean; // a field for one more item of a list
}

export function Inputs({ document, node, info, readonly }: Given) {
  const found = rows(node, info);
  if (found.length === 0) return null;
  return (
    <Part title="Inputs">
      {found.map((row) => (
        <Input key={row.port + String(row.added)} row={row} document={document} node={node} readonly={readonly} />
      ))}
    </Part>
  );
}

/** The ports of the block in their order, a list by its items and a place for one more; then what else is written. */
function rows(node: NodeModel, info: BlockInfo | null): PortRow[] {
  const written = Object.keys(node.inputs);
  const known = (info?.inputs ?? []).flatMap((input): PortRow[] => {
    if (!input.many) return [{ port: input.name, info: input, added: false }];
    const items = written.filter((port) => isItem(port) && port.startsWith(`${input.name}[`));
    return [...items.map((port) => ({ port, info: input, added: false })), { port: input.name, info: input, added: true }];
  });
  const others = written.filter((port) => !known.some((row) => row.port === port));
  return [...known, ...others.map((port) => ({ port, info: null, added: false }))];
}

function Input({ row: { port, info, added }, document, node, readonly }: Omit<Given, "info"> & { row: PortRow }) {
  const input = added ? undefined : node.inputs[port];
  const must = info !== null && !info.optional && !added && (input?.written ?? "") === "";
  const dtypes = input?.type ? [dtypeOf(input.type)] : (info?.dtypes ?? []);
  const computed = input !== undefined && input.param !== "" && ` = ${spelled(input.value)}`;
  return (
    <Row
      name={
        <>
          <i className={`type-dot ${familyOf(dtypes)}`} /> {added ? `${port} …` : port}
        </>
      }
      about={info?.doc}
      missing={must}
      doc={
        <>
          <code>{input?.type || info?.type || ""}</code> <Prose text={info?.doc ?? ""} />
        </>
      }
    >
      <Combo
        label={added ? `One more of ${port}` : `Input ${port}`}
        value={input?.written ?? ""}
        placeholder={added ? "one more wire" : info?.optional ? "none" : info?.example ? `such as ${info.example}` : "a wire or a value"}
        suggestions={[...examples(info), ...wires(document, node.name), ...params(document)]}
        disabled={readonly}
        commit={(text) => (added ? appendInput(node.name, port, text) : setInput(node.name, port, text))}
      />
      {computed && <span className="attr-value">{computed}</span>}
    </Row>
  );
}
