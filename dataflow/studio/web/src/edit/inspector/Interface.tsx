/** An input or output of the graph. */
import { useStudio } from "../../store";
import type { Document } from "../../protocol";
import { edit } from "../edits";
import { Combo } from "../fields/Combo";
import { Text } from "../fields/Text";
import { wires } from "../fields/wires";
import { rename } from "../over/Naming";
import { parsed } from "../plain";
import { dtypeOf } from "../palette/addition";
import { Cards, Head, Part, Troubles } from "./parts";

interface Given {
  document: Document;
  name: string;
  readonly: boolean;
}

export function InputView({ document, name, readonly }: Given) {
  const input = document.inputs[name]!;
  const blocks = useStudio((state) => state.blocks);
  const dtypes = [...new Set(blocks.flatMap((block) => block.inputs.flatMap((each) => each.dtypes)))];
  const dtype = dtypeOf(input.type);
  const shape = input.type.slice(dtype.length);
  const readers = Object.values(document.nodes).filter((node) =>
    Object.values(node.inputs).some(({ written }) => written === name || written.startsWith(`${name}.`)),
  );
  const place = `inputs.${name}`;
  return (
    <div className="inspector">
      <Head name={name} rename={(to) => rename(name, to)} line={input.line} readonly={readonly}>
        <span className="insp-kind">input of the graph</span>
      </Head>
      <Text label={`Note on ${name}`} value={input.doc} placeholder="What it is" disabled={readonly} commit={(text) => edit(`Set the note of ${name}`, text.trim() === "" ? { op: "remove", place: `${place}.doc` } : { op: "set", place: `${place}.doc`, value: text.trim() })} />
      <Troubles problems={document.problems.filter((problem) => problem.node === name)} />
      <Part title="Type">
        <div className="attr">
          <span className="attr-name">dtype</span>
          <div className="attr-field">
            <Combo label="dtype" value={dtype} suggestions={dtypes.map((text) => ({ text }))} disabled={readonly} commit={(text) => edit(`Set the dtype of ${name}`, { op: "set", place: `${place}.dtype`, value: text.trim() })} />
          </div>
        </div>
        <div className="attr">
          <span className="attr-name">shape</span>
          <div className="attr-field">
            <Combo label="shape" value={shape} placeholder="any, or [N, 8, 8]" disabled={readonly} commit={(text) => edit(`Set the shape of ${name}`, text.trim() === "" ? { op: "remove", place: `${place}.shape` } : { op: "set", place: `${place}.shape`, value: parsed(text) })} />
          </div>
        </div>
      </Part>
      <Part title="Readers">
        <Cards names={readers.map((node) => node.name)} none="nothing" />
      </Part>
    </div>
  );
}

export function OutputView({ document, name, readonly }: Given) {
  const output = document.outputs[name]!;
  return (
    <div className="inspector">
      <Head name={name} rename={(to) => rename(`output:${name}`, to)} line={output.line} readonly={readonly}>
        <span className="insp-kind">output of the graph</span>
      </Head>
      <Part title="Value">
        <div className="attr">
          <span className="attr-name">wire</span>
          <div className="attr-field">
            <Combo label="wire" value={output.wire} suggestions={wires(document)} disabled={readonly} commit={(text) => edit(`Set output ${name}`, { op: "set", place: `outputs.${name}`, value: text.trim() })} />
          </div>
        </div>
      </Part>
      <Part title="Comes from">
        <Cards names={[output.wire.split(".")[0]!]} none="nothing" />
      </Part>
    </div>
  );
}
