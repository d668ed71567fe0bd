/** The side panel's values: of the ports of the selected card; with nothing selected, of the graph's outputs. */
import { useEffect, useState } from "react";
import type { Card } from "../protocol";
import { useStudio, type State } from "../store";
import { shape, short, size } from "./format";
import { Strip } from "./Histogram";
import { outputsOf, portsOf, useOld, useStats, type Port } from "./ports";
import { PortValue } from "./PortValue";
import "./values.css";

const cardOf = (state: State): Card | undefined => {
  const id = state.focused?.card ?? state.selected[0];
  return state.document?.scene.cards.find((card) => card.id === id);
};

export default function Values() {
  const document = useStudio((state) => state.document);
  const card = useStudio(cardOf);
  const focused = useStudio((state) => state.focused);
  const outputs = useStudio((state) => state.run?.outputs);
  if (document === null) return null;
  const ports = card !== undefined ? portsOf(card) : outputsOf(document, outputs);
  const wanted = ports.find((port) => port.label === focused?.port && (port.side === "right") === (focused.side === "right"))?.key;
  return (
    <div className="values">
      <h2 className="panel-title">{card?.name ?? (document.view.scope === "" ? "Outputs of the graph" : `Outputs of ${document.view.scope}`)}</h2>
      {ports.length === 0 && <p className="quiet">{card === undefined ? "There are no outputs yet; select a card to see what is on its ports." : "Nothing here has a value."}</p>}
      <Ports key={card?.id ?? ""} ports={ports} wanted={wanted} />
    </div>
  );
}

function Ports({ ports, wanted }: { ports: Port[]; wanted: string | undefined }) {
  const [chosen, setOpen] = useState<string | null>(null); // null: nothing was chosen yet, "": all are closed
  useEffect(() => {
    if (wanted !== undefined) setOpen(wanted);
  }, [wanted]);
  const open = chosen ?? ports[0]?.key;
  const sides = new Set(ports.map((port) => port.side));
  return ports.map((port, i) => (
    <Section
      key={`${port.side} ${port.label}`}
      port={port}
      title={sides.size > 1 && port.side !== ports[i - 1]?.side ? (port.side === "left" ? "Inputs" : "Outputs") : ""}
      open={port.key === open}
      toggle={() => setOpen(port.key === open ? "" : port.key)}
    />
  ));
}

interface Shown {
  port: Port;
  open: boolean;
  toggle: () => void;
}

function Section({ title, ...shown }: Shown & { title: string }) {
  const key = shown.port.key;
  const old = useOld(key);
  return (
    <section className={old ? "port old" : "port"}>
      {title !== "" && <h3>{title}</h3>}
      <Head {...shown} />
      {old && shown.open && <p className="quiet">From before the last change; a run makes it anew.</p>}
      {shown.open && <PortValue port={key} />}
    </section>
  );
}

/** One line of a port: its name, and its value in little. */
function Head({ port, open, toggle }: Shown) {
  const stats = useStats(port.key);
  return (
    <button type="button" className="port-head" aria-expanded={open} onClick={toggle}>
      <span className="port-name">{port.label}</span>
      {stats === undefined ? (
        <span className="quiet">{port.type || "no value yet"}</span>
      ) : size(stats.shape) === 1 ? (
        <span className="value">{short(stats.mean)}</span>
      ) : (
        <>
          <span className="quiet">{shape(stats.shape)}</span>
          <Strip bins={stats.bins} width={56} height={16} />
        </>
      )}
    </button>
  );
}
