/** The top bar: what is open and where in it, what is done with it, and how it is shown. */
import { ask } from "../connection";
import { perform } from "../commands";
import { begun, steps, trains } from "../panels/commands";
import type { View } from "../protocol";
import { useStudio } from "../store";
import { Button } from "./Button";
import { Icon } from "./icons";
import { Pieces } from "./Pieces";

export function TopBar() {
  const open = useStudio((state) => state.document !== null);
  const theme = useStudio((state) => state.theme);
  const text = useStudio((state) => state.text);
  const side = useStudio((state) => state.side !== null);
  return (
    <header className="top">
      <Button command="view.gallery" kind="plain">
        <Icon name="home" />
      </Button>
      {open ? <Trail /> : <span className="trail here">dataflow studio</span>}
      {open && (
        <>
          <Button command="edit.undo" kind="plain">
            <Icon name="undo" />
          </Button>
          <Button command="edit.redo" kind="plain">
            <Icon name="redo" />
          </Button>
          <Button command="view.palette" kind="plain" keys>
            <Icon name="add" /> Block
          </Button>
          <span className="rule" />
          <Running />
        </>
      )}
      <Pieces of="bar.left" />
      <span className="space" />
      <Pieces of="bar.right" />
      {open && (
        <>
          <Layers />
          <Direction />
          <Button command="view.text" kind="plain" pressed={text}>
            YAML
          </Button>
        </>
      )}
      <Button command="view.theme" kind="plain">
        <Icon name={theme} />
      </Button>
      {open && (
        <Button command="view.side" kind="plain" pressed={side}>
          <Icon name="side" />
        </Button>
      )}
    </header>
  );
}

function Trail() {
  const trail = useStudio((state) => state.document!.trail);
  const name = useStudio((state) => state.document!.name);
  const path = useStudio((state) => state.document!.path);
  const saved = useStudio((state) => state.document!.saved);
  const readonly = useStudio((state) => state.document!.readonly);
  const file = path.slice(path.lastIndexOf("/") + 1);
  const steps = trail.length > 0 ? trail : [{ title: name, path, scope: "" }];
  return (
    <>
      <nav aria-label="Opened graph">
        <ol className="trail">
          {steps.map(({ title, scope, path: of }, i) => (
            <li key={scope} title={of}>
              {i < steps.length - 1 ? (
                <button className="button plain" onClick={() => void perform(() => ask("view", { scope }))}>
                  {title}
                </button>
              ) : (
                <span className="here" aria-current="page">
                  {title}
                </span>
              )}
            </li>
          ))}
        </ol>
      </nav>
      {readonly === "" && trail.length < 2 && file.replace(/\.ya?ml$/, "") !== name && (
        <span className="file" title={path}>
          {file}
        </span>
      )}
      {readonly !== "" ? (
        <span className="mark" title={readonly}>
          read only
        </span>
      ) : (
        <>
          <span className={saved ? "mark saving" : "mark saving unsaved"}>{saved ? "saved" : "not saved"}</span>
          <Button command="file.save" kind="plain" keys />
        </>
      )}
    </>
  );
}

function Running() {
  const running = useStudio((state) => state.run?.state === "running");
  const training = useStudio((state) => state.training?.state ?? "none");
  const trained = useStudio(trains);
  const stepped = useStudio(steps);
  const some = useStudio(begun);
  const busy = training === "running" || training === "paused";
  return (
    <>
      {running ? (
        <Button command="run.cancel" keys>
          <Icon name="stop" /> Cancel
        </Button>
      ) : (
        <Button command="run.run" kind="main" keys>
          <Icon name="run" /> Run
        </Button>
      )}
      {busy && (
        <Button command={training === "paused" ? "train.resume" : "train.pause"}>
          <Icon name={training === "paused" ? "run" : "pause"} /> {training === "paused" ? "Resume" : "Pause"}
        </Button>
      )}
      {busy && (
        <Button command="train.stop">
          <Icon name="stop" /> Stop
        </Button>
      )}
      {!busy && (trained || stepped) && (
        <Button command={trained && some ? "train.continue" : "train.start"}>{stepped ? "Steps" : some ? "Resume" : "Train"}</Button>
      )}
    </>
  );
}

const LAYERS: [View["layer"], string, string][] = [
  ["file", "Graph", "The graph as the file has it"],
  ["gradient", "Gradient", "With the blocks of the reverse pass"],
  ["step", "Step", "The whole training step, optimizer included"],
];

function Layers() {
  const layer = useStudio((state) => state.document?.view.layer);
  const trains = useStudio((state) => state.document?.sections.train !== undefined);
  if (!trains && layer === "file") return null;
  return (
    <div className="switch" role="group" aria-label="What is drawn">
      {LAYERS.map(([id, title, tip]) => (
        <button
          key={id}
          className="button"
          title={tip}
          aria-pressed={layer === id}
          onClick={() => void perform(() => ask("view", { layer: id }))}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

function Direction() {
  const direction = useStudio((state) => state.document?.view.direction ?? "right");
  return (
    <Button command="view.direction" kind="plain">
      <Icon name={direction} />
    </Button>
  );
}
