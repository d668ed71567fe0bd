/** An input or output of the graph. */
import type { Document } from "../../protocol";
import { useStudio } from "../../store";
import { edit, setText } from "../edits";
import { Combo } from "../fields/Combo";
import { everyDtype, wires } from "../fields/wires";
import { rename } from "../over/Naming";
import { dtypeOf } from "../palette/addition";
import { parsed } from "../plain";
import { Cards, Head, Note, Part, Row, Troubles } from "./parts";

interface Given {
  document: Document;
  name: string;
  readonly: boolean;
}

export function InputView({ document, name, readonly }: Given) {
  const { type, doc, line } = document.inputs[name]!;
  const blocks = useStudio((state) => state.blocks);
  const dtype = dtypeOf(type);
  const readers = Object.values(document.nodes).filter(({ inputs }) =>
    Object.values(inputs).some(({ written }) => written === name || written.startsWith(`${name}.`)),
  );
  const place = `inputs.${name}`;
  const setShape = (text: string) =>
    text.trim() === ""
      ? setText(`Set the shape of ${name}`, `${place}.shape`, "")
      : edit(`Set the shape of ${name}`, { op: "set", place: `${place}.shape`, value: parsed(text) });
  return (
    <div className="inspector">
      <Head name={name} rename={(to) => rename(name, to)} line={line} readonly={readonly}>
        <span className="insp-kind">input of the graph</span>
      </Head>
      <Note of={name} place={`${place}.doc`} value={doc} placeholder="What it is" readonly={readonly} />
      <Troubles problems={document.problems.filter((problem) => problem.node === name)} />
      <Part title="Type">
        <Row name="dtype">
          <Combo
            label="dtype"
            value={dtype}
            suggestions={everyDtype(blocks)}
            disabled={readonly}
            commit={(text) => setText(`Set the dtype of ${name}`, `${place}.dtype`, text)}
          />
        </Row>
        <Row name="shape">
          <Combo
            label="shape"
            value={type.slice(dtype.length)}
            placeholder="any, or [N, 8, 8]"
            disabled={readonly}
            commit={setShape}
          />
        </Row>
      </Part>
      <Part title="Readers">
        <Cards names={readers.map((node) => node.name)} none="nothing" />
      </Part>
    </div>
  );
}

export function OutputView({ document, name, readonly }: Given) {
  const { wire, line } = document.outputs[name]!;
  return (
    <div className="inspector">
      <Head name={name} rename={(to) => rename(`output:${name}`, to)} line={line} readonly={readonly}>
        <span className="insp-kind">output of the graph</span>
      </Head>
      <Part title="Value">
        <Row name="wire">
          <Combo
            label="wire"
            value={wire}
            suggestions={wires(document)}
            disabled={readonly}
            commit={(text) => setText(`Set output ${name}`, `outputs.${name}`, text)}
          />
        </Row>
      </Part>
      <Part title="Comes from">
        <Cards names={[wire.split(".")[0]!]} none="nothing" />
      </Part>
    </div>
  );
}
