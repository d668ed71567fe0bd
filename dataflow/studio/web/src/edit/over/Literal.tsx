/** The value or wire of an input, typed where the port stands. */
import { useEffect, useRef } from "react";
import { set, useStudio } from "../../store";
import { Combo } from "../fields/Combo";
import { wires, params } from "../fields/wires";
import { setInput } from "../inputs";
import { editing, useEditing } from "../state";
import { Anchored } from "./Anchored";

export function Literal() {
  const literal = useEditing((state) => state.literal);
  return literal === null ? null : <Typed key={`${literal.node}.${literal.port}`} {...literal} />;
}

function Typed({ node, port }: { node: string; port: string }) {
  const document = useStudio((state) => state.document);
  const input = document?.nodes[node]?.inputs[port];
  const before = useRef(globalThis.document.activeElement);
  useEffect(() => {
    if (input === undefined) editing({ literal: null });
  }, [input]);
  if (document === null || input === undefined) return null;
  const close = () => {
    editing({ literal: null });
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    set({ focused: { card: node, port, side: "left" } });
  };
  return (
    <Anchored card={node} port={port} className="literal" label={`Value of ${node}.${port}`} closed={close}>
      <Combo
        label={`Value or wire of ${node}.${port}`}
        value={input.written}
        placeholder="a wire, a number or a list"
        suggestions={[...wires(document, node), ...params(document)]}
        autoFocus
        commit={(text) => setInput(node, port, text)}
        taken={close}
      />
      {input.type !== "" && <p className="dim">takes {input.type}</p>}
    </Anchored>
  );
}
