/** A node: its block, attrs, inputs and outputs. */
import { perform } from "../../commands";
import type { BlockInfo, Document, NodeModel } from "../../protocol";
import { useStudio } from "../../store";
import { openFile } from "../files";
import { short } from "../../values/format";
import { rename } from "../over/Naming";
import { Prose } from "../Prose";
import { Attr } from "./Attr";
import { Inputs } from "./Inputs";
import { Outputs } from "./Outputs";
import { Head, Note, Part, Troubles } from "./parts";

interface Given {
  document: Document;
  name: string;
  readonly: boolean;
}

export function useBlock(name: string): BlockInfo | null {
  return useStudio(({ blocks }) => blocks.find((each) => each.name === name || each.aliases.includes(name)) ?? null);
}

export function NodeView({ document, name, readonly }: Given) {
  const node = document.nodes[name]!;
  const info = useBlock(node.block);
  const summary = useStudio(({ gallery }) => info?.summary ?? gallery.find(({ path }) => path === node.file)?.doc);
  const place = `nodes.${name}`;
  const attrs = info?.attrs.map((attr) => attr.name) ?? [];
  const wrong = document.problems.filter((problem) => problem.node === name);
  const lacking = wrong.map(({ message }) => /attrs? (.*) must be given/.exec(message)?.[1]).join();
  const names = [...new Set([...attrs, ...Object.keys(node.attrs)])];
  return (
    <div className="inspector">
      <Head name={name} rename={(to) => rename(name, to)} line={node.line} readonly={readonly}>
        <Block node={node} info={info} />
      </Head>
      {summary !== undefined && summary !== "" && (
        <p className="insp-summary">
          <Prose text={summary} />
        </p>
      )}
      <Note of={name} place={`${place}.doc`} value={node.doc} placeholder="A note of your own" readonly={readonly} />
      <Troubles problems={wrong.filter(({ port }) => !names.includes(port))} />
      {names.length > 0 && (
        <Part title="Attributes">
          {names.map((attr) => (
            <Attr
              key={attr}
              name={attr}
              info={info?.attrs.find((each) => each.name === attr) ?? node.attrs[attr]?.info ?? null}
              written={node.attrs[attr] ?? { written: "", value: null, param: "" }}
              problems={wrong.filter(({ port }) => port === attr)}
              lacking={lacking.includes(`'${attr}'`)}
              places={[`${place}.attrs.${attr}`]}
              readonly={readonly}
            />
          ))}
        </Part>
      )}
      <Inputs document={document} node={node} info={info} readonly={readonly} />
      <Outputs document={document} node={node} info={info} readonly={readonly} />
      {node.range !== null && (
        <p className="dim">
          Its values lie between {short(node.range[0])} and {short(node.range[1])}.
        </p>
      )}
    </div>
  );
}

function Block({ node, info }: { node: NodeModel; info: BlockInfo | null }) {
  if (node.file !== "")
    return (
      <button className="link" title={`Open ${node.file}`} onClick={() => void perform(() => openFile(node.file))}>
        {node.block}
      </button>
    );
  return (
    <span className="insp-kind" title={info?.category}>
      {node.block}
    </span>
  );
}
