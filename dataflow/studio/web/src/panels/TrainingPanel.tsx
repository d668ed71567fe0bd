/** Training: start, pause, stop; progress, metrics and curves; what can be changed between steps. */
import { useState } from "react";
import { edit } from "../changes";
import { perform } from "../commands";
import { ask } from "../connection";
import type { Training } from "../protocol";
import { Button } from "../shell/Button";
import { Icon } from "../shell/icons";
import { useStudio } from "../store";
import { count, seconds } from "../values/format";
import { figures, usualTrain } from "./begin";
import { begun, complete, ofThis, steps, trains } from "./commands";
import { Changes } from "./Changes";
import { Metrics } from "./Metrics";
import { Progress } from "./Progress";
import { withRows } from "./rows";
import { change, NOTHING } from "./session";
import { TrainingCurves } from "./TrainingCurves";
import { Trouble } from "./Trouble";
import { Watched } from "./Watched";

export default function TrainingPanel() {
  const open = useStudio((state) => state.document !== null);
  const training = useStudio((state) => state.training);
  const trained = useStudio(trains);
  const stepped = useStudio(steps);
  if (!open) return null;
  if (!trained && !stepped && (training === null || training.state === "none")) {
    return (
      <div className="panel">
        <p>This graph has no <code>train</code> section, and no node that changes a variable.</p>
        <p className="quiet">A <code>train</code> section says what is minimized, by which optimizer, and over how many epochs; the text pane (Y) completes its keys.</p>
        <Begin />
      </div>
    );
  }
  const some = training !== null && training.state !== "none" && !(training.state === "failed" && training.steps === 0); // else it never began
  return (
    <div className="panel">
      <Controls training={training} stepped={stepped} />
      {some && <State training={training} stepped={stepped} />}
      {training?.problem && <Trouble problem={training.problem} />}
      {some && <TrainingCurves />}
      {some && <Metrics metrics={training.metrics} />}
      <Changes />
      <Watched />
    </div>
  );
}

/** A first train section, for what is there to be minimized. */
function Begin() {
  const document = useStudio((state) => state.document!);
  const [output] = figures(document);
  if (document.readonly !== "") return null;
  if (output === undefined) return <p className="quiet">There must be something to minimize first: wire a loss, a single number, to an output of the graph.</p>;
  const add = () => edit("Add a train section", { op: "set", place: "train", value: usualTrain(document) });
  return (
    <div className="actions">
      <button type="button" className="button main" onClick={() => void perform(add)}>
        Train to minimize {output}
      </button>
    </div>
  );
}

const runTrained = () =>
  void perform(async () => {
    await change({ trained: true });
    await ask("run", {});
  });

function Controls({ training, stepped }: { training: Training | null; stepped: boolean }) {
  const usual = useStudio((state) => (state.document?.sections["train"] as { epochs?: number } | undefined)?.epochs);
  const checkpoint = useStudio((state) => state.checkpoint);
  const some = useStudio(begun);
  const data = Object.entries(useStudio((state) => state.document!.splits));
  const [many, setMany] = useState("");
  const over = useStudio(() => complete(Number(many)));
  const state = training?.state ?? "none";
  if (state === "running" || state === "paused") {
    return (
      <div className="actions">
        {state === "running" ? (
          <Button command="train.pause">
            <Icon name="pause" /> Pause
          </Button>
        ) : (
          <Button command="train.resume" kind="main">
            <Icon name="run" /> Resume
          </Button>
        )}
        <Button command="train.stop">
          <Icon name="stop" /> Stop
        </Button>
      </div>
    );
  }
  const word = stepped ? "steps" : "epochs";
  const { epoch = 0, epochs = 0 } = training ?? {};
  const nothing = epoch < epochs ? `It ended early, after ${epoch} epochs: restart to train again` : `All ${epoch} epochs are done: write more to go on, or restart`;
  const given = many.trim() === "" ? {} : { [word]: Number(many) };
  const start = (how: { resume?: true; restart?: true }) => void perform(() => ask("train", { ...how, ...given }));
  return (
    <>
      <div className="fields">
        <label className="labelled">
          <span>{word}</span>
          <input className="field" inputMode="numeric" value={many} placeholder={String(stepped ? 1000 : (usual ?? 1))} onChange={(event) => setMany(event.currentTarget.value)} />
        </label>
      </div>
      {data.length > 0 && <p className="quiet">Data: {data.map(([name, rows]) => withRows(name, rows)).join(", ")}</p>}
      <div className="actions">
        {stepped ? (
          <Start main title={some ? "Go on from where the last steps ended" : "From the initial values of all variables"} start={() => start({})}>
            Do steps
          </Start>
        ) : (
          <>
            <Start main={!some} off={some} title={some ? `There are checkpoints up to step ${count(checkpoint!)}: resume from them, or restart` : "From the first values that the file gives"} start={() => start({})}>
              Train
            </Start>
            <Start main={some && !over} off={!some || over} title={over ? nothing : some ? `Go on from the checkpoint of step ${count(checkpoint!)}` : "There is no checkpoint yet: a training makes them"} start={() => start({ resume: true })}>
              Resume
            </Start>
          </>
        )}
        <Start off={!some} title={some ? (stepped ? "From the initial values of all variables" : "From the start, in place of the checkpoints that are there") : `Nothing was ${stepped ? "done" : "trained"} yet that could be begun anew`} start={() => start({ restart: true })}>
          Restart
        </Start>
      </div>
      {over && <p className="quiet">{nothing}</p>}
    </>
  );
}

interface Begun {
  children: string;
  title: string;
  start: () => void;
  main?: boolean;
  off?: boolean;
}

const Start = ({ children, title, start, main = false, off = false }: Begun) => (
  <button type="button" className={main ? "button main" : "button"} title={title} disabled={off} onClick={start}>
    {children}
  </button>
);

function State({ training, stepped }: { training: Training; stepped: boolean }) {
  const { state, epoch, epochs, step, steps, folder, current, overrides } = training;
  const trained = useStudio((given) => (given.session ?? NOTHING).trained);
  const own = useStudio(ofThis);
  const left = state === "running" && step > 0 && steps > step ? (training.seconds / step) * (steps - step) : null;
  return (
    <div className="state">
      <Progress done={step} total={steps} label="Steps of the training" />
      <p className="pair">
        {!stepped && (
          <span>
            <b>epoch {epoch}</b> of {epochs}
          </span>
        )}
        <span className="quiet">
          step {count(step)} of {count(steps)}
        </span>
      </p>
      <p className="quiet">
        {state}, {seconds(training.seconds)}
        {!current && state !== "running" && state !== "paused" && ", before the last change"}
        {left !== null && `, about ${seconds(left)} left`}
      </p>
      {overrides !== "" && <p className="quiet">With {overrides}: not as the file says</p>}
      {folder !== "" && <p className="quiet">{own ? "Checkpoints" : "Of another graph: checkpoints"} in {folder}</p>}
      {!stepped && own && state === "done" && !trained && (
        <div className="actions">
          <button type="button" className="button" title="Runs begin with the first values that the file gives until they are told to take the trained ones" onClick={runTrained}>
            Run with the trained values
          </button>
        </div>
      )}
    </div>
  );
}
