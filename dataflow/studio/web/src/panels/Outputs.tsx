/** What the last run gave: the outputs of the graph, each with its value in little; a click shows it whole. */
import { set, useStudio } from "../store";
import { shape, short, size } from "../values/format";
import { Strip } from "../values/Histogram";
import { useStats } from "../values/ports";
import { cardOf } from "./reveal";

export function Outputs() {
  const outputs = useStudio((state) => state.run?.outputs);
  const names = Object.entries(outputs ?? {});
  if (names.length === 0) return null;
  return (
    <section>
      <h3>Outputs</h3>
      <ul className="outputs">
        {names.map(([name, port]) => (
          <Output key={name} name={name} port={port} />
        ))}
      </ul>
    </section>
  );
}

function Output({ name, port }: { name: string; port: string }) {
  const stats = useStats(port);
  const show = () => {
    const at = port.lastIndexOf(".");
    const card = cardOf(port.slice(0, at));
    set({ side: "values", selected: card === "" ? [] : [card], focused: card === "" ? null : { card, port: port.slice(at + 1), side: "right" } });
  };
  return (
    <li>
      <button type="button" className="inline" onClick={show}>
        {name}
      </button>
      {stats === undefined ? (
        <span className="quiet">no value</span>
      ) : size(stats.shape) === 1 ? (
        <span className="value">{short(stats.mean)}</span>
      ) : (
        <>
          <span className="quiet">{shape(stats.shape)}</span>
          <Strip bins={stats.bins} width={56} height={16} />
        </>
      )}
    </li>
  );
}
