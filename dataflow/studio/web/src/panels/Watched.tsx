/** Ports whose values are watched over a training, each with its curve; they stand on the canvas too. */
import { perform } from "../commands";
import { Icon } from "../shell/icons";
import { useStudio } from "../store";
import { short } from "../values/format";
import { Curves } from "../values/Curves";
import { partsOf } from "../values/parts";
import { meantPort, NOTHING, toggleWatch } from "./session";

export function Watched() {
  const watched = useStudio((state) => (state.session ?? NOTHING).watched);
  const meant = useStudio(meantPort);
  return (
    <section>
      <h3>Watched ports</h3>
      {watched.map((port) => (
        <Port key={port} port={port} />
      ))}
      {meant !== "" && !watched.includes(meant) ? (
        <button type="button" className="button" onClick={() => void perform(() => toggleWatch(meant))}>
          <Icon name="add" /> Watch {meant}
        </button>
      ) : (
        watched.length === 0 && <p className="quiet">Select a card or a port and press T: its curve is drawn here and beside it.</p>
      )}
    </section>
  );
}

function Port({ port }: { port: string }) {
  const trends = useStudio((state) => state.training?.trends);
  const curves = partsOf(trends ?? {}, port, "mean");
  const mean = useStudio((state) => state.run?.values[port]?.mean);
  return (
    <div className="watched">
      <button type="button" className="button plain" aria-label={`Watch ${port} no longer`} onClick={() => void perform(() => toggleWatch(port))}>
        <Icon name="close" />
      </button>
      {curves.length > 0 ? (
        <Curves title={port} curves={curves} height={90} />
      ) : (
        <p className="quiet">
          {port}: {mean === undefined ? "no step has run yet" : `${short(mean)} in the last run`}
        </p>
      )}
    </div>
  );
}
