/** The value or wire of an input, typed where the port stands. */
import { getCanvas } from "../../canvas/state";
import { set, useStudio, type LiteralRequest } from "../../store";
import { Combo } from "../fields/Combo";
import { examples, params, wires } from "../fields/wires";
import { setInput } from "../inputs";
import { Prose } from "../Prose";
import { Popover } from "./Popover";

const close = () => set({ literal: null });

/** What is wrong stands in the field, unless the canvas has mends of it to choose from: those need the keys. */
function unlessMended(error: unknown): void {
  if (getCanvas().refused === null) throw error;
}

export function Literal() {
  const literal = useStudio((state) => state.literal);
  return literal === null ? null : <Typed key={`${literal.node}.${literal.port}`} {...literal} />;
}

function Typed({ node, port, at }: LiteralRequest) {
  const document = useStudio((state) => state.document);
  const info = useStudio(({ blocks }) => {
    const block = document?.nodes[node]?.block;
    return blocks.find((each) => each.name === block)?.inputs.find((each) => each.name === port.replace(/\[\d+\]$/, ""));
  });
  if (document === null || !(node in document.nodes)) return null;
  const written = document.nodes[node]!.inputs[port]?.written ?? "";
  return (
    <Popover at={at} className="literal-popover" label={`Value of ${node}.${port}`} closed={close}>
      <Combo
        label={`Value or wire of ${node}.${port}`}
        value={written}
        placeholder={info?.example ? `such as ${info.example}` : "a wire, a number or a list"}
        suggestions={[...examples(info), ...wires(document, node), ...params(document)]}
        disabled={document.readonly !== ""}
        autoFocus
        commit={(text) => setInput(node, port, text).catch(unlessMended)}
        taken={close}
      />
      {info && (
        <p className="dim">
          <Prose text={info.doc} /> {info.type !== "" && <code>{info.type}</code>}
        </p>
      )}
    </Popover>
  );
}
