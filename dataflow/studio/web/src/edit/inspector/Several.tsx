/** Several nodes at once: the attrs that all of them have. */
import type { Document, NodeModel, Written } from "../../protocol";
import { useStudio } from "../../store";
import { Attr } from "./Attr";
import { Cards, Part } from "./parts";

const SHOWN = 30; // names
const NOTHING: Written = { written: "", value: null, param: "" };

export function Several({ document, names, readonly }: { document: Document; names: string[]; readonly: boolean }) {
  const blocks = useStudio((state) => state.blocks);
  const nodes = names.map((name) => document.nodes[name]!);
  const infos = nodes.map(({ block }) => blocks.find((each) => each.name === block || each.aliases.includes(block)) ?? null);
  const shared = attrsOf(nodes[0]!, infos[0]).filter((attr) =>
    nodes.every((node, i) => {
      const [one, other] = [infos[0], infos[i]].map((info) => info?.attrs.find((each) => each.name === attr));
      return attrsOf(node, infos[i]).includes(attr) && one?.type === other?.type;
    }),
  );
  return (
    <div className="inspector">
      <header className="insp-head">
        <p className="head-title">{names.length} nodes</p>
        <Cards names={names.slice(0, SHOWN)} none="" />
        {names.length > SHOWN && <p className="dim">and {names.length - SHOWN} more</p>}
      </header>
      {shared.length > 0 ? (
        <Part title="Attributes of all">
          {shared.map((attr) => {
            const written = nodes.map((node) => node.attrs[attr] ?? NOTHING);
            const several = new Set(written.map((each) => each.written)).size > 1;
            return (
              <Attr
                key={attr}
                name={attr}
                info={infos[0]?.attrs.find((each) => each.name === attr) ?? nodes[0]!.attrs[attr]?.info ?? null}
                written={several ? NOTHING : written[0]!}
                several={several}
                places={names.map((name) => `nodes.${name}.attrs.${attr}`)}
                readonly={readonly}
              />
            );
          })}
        </Part>
      ) : (
        <p className="dim">They have no attribute in common.</p>
      )}
    </div>
  );
}

function attrsOf(node: NodeModel, info: { attrs: { name: string }[] } | null | undefined): string[] {
  return [...new Set([...(info?.attrs.map(({ name }) => name) ?? []), ...Object.keys(node.attrs)])];
}
