/** Runs: what they are fed, what would run and why, what the session changes in them, and how the last one went. */
import { edit } from "../changes";
import { perform } from "../commands";
import { ask } from "../connection";
import type { Document, Run } from "../protocol";
import { parsed } from "../edit/plain";
import { Button } from "../shell/Button";
import { set, useStudio } from "../store";
import { count, seconds } from "../values/format";
import { changeSession } from "./commands";
import { Fates } from "./Fates";
import { Field } from "./Field";
import { Outputs } from "./Outputs";
import { Progress } from "./Progress";
import { MADE_UP, rowsIn, usually, withRows } from "./rows";
import { change, NOTHING, without, written } from "./session";
import { Trouble } from "./Trouble";

export default function RunPanel() {
  const document = useStudio((state) => state.document);
  const run = useStudio((state) => state.run);
  if (document === null) return null;
  const running = run?.state === "running";
  return (
    <div className="panel">
      <div className="actions">
        {running ? <Button command="run.cancel" keys /> : <Button command="run.run" kind="main" keys />}
        <Button command="run.again" />
      </div>
      {run !== null && run.state !== "none" && <State run={run} nodes={Object.keys(document.nodes).length} />}
      {run?.problem && <Trouble problem={run.problem} />}
      <Outputs />
      <Feed document={document} />
      <Fates />
    </div>
  );
}

function State({ run, nodes }: { run: Run; nodes: number }) {
  const done = Object.keys(run.nodes).length;
  if (run.state === "running") {
    return (
      <>
        <Progress done={Math.min(done, nodes)} total={nodes} label="Nodes that have run" />
        <p className="quiet">
          run {run.number}: {count(done)} nodes so far
        </p>
      </>
    );
  }
  return (
    <p className="quiet">
      Run {run.number} {run.state}, {seconds(run.seconds)}
      {!run.current && ", before the last change"}
      {run.rows > 0 && `; ${count(run.rows)} rows of ${run.split || MADE_UP}`}
    </p>
  );
}

/** Add a data section, and show it in the inspector, where its parts are set. */
async function addData(): Promise<void> {
  await edit("Add a data section", { op: "set", place: "data", value: await ask("first_data", {}) });
  set({ side: "inspector", selected: [], focused: null });
}

function Feed({ document }: { document: Document }) {
  const session = useStudio((state) => state.session) ?? NOTHING;
  const splits = Object.entries(document.splits);
  const [split, rows] = splits.find(([name]) => name === session.split) ?? splits[0] ?? ["", null];
  const params = Object.entries(document.params);
  return (
    <section>
      <h3>What runs are fed</h3>
      {splits.length === 0 ? (
        <>
          <p className="quiet">The file has no data section: inputs are filled with random numbers of their types.</p>
          {document.readonly === "" && Object.keys(document.inputs).length > 0 && (
            <div className="actions">
              <button type="button" className="button" title="Those of the file that fits the inputs best; the inspector says which, and takes another" onClick={() => void perform(addData)}>
                Take rows from a file
              </button>
            </div>
          )}
        </>
      ) : (
        <div className="fields">
          <label className="labelled">
            <span>split</span>
            <select className="field" value={split} onChange={(event) => changeSession({ split: event.currentTarget.value })}>
              {splits.map(([name, all]) => (
                <option key={name} value={name}>
                  {withRows(name, all)}
                </option>
              ))}
            </select>
          </label>
          <Field
            label="rows at most"
            hint={rows === null ? "How many there are is known when they are read" : ""}
            kind="number"
            value={session.rows === null ? "" : String(session.rows)}
            placeholder={usually(rows)}
            send={(text) => void perform(() => change({ rows: rowsIn(text, rows) }))}
          />
        </div>
      )}
      {"train" in document.sections && (
        <label className="check" title="Those of the best checkpoint, in place of the first values that the file gives">
          <input type="checkbox" checked={session.trained} onChange={(event) => changeSession({ trained: event.currentTarget.checked })} /> variables as
          training left them
        </label>
      )}
      {params.length > 0 && (
        <>
          <h3>Parameters</h3>
          <div className="fields">
            {params.map(([name, param]) => (
              <Field
                key={name}
                label={name}
                hint={param.doc}
                value={name in session.params ? written(session.params[name]!) : ""}
                placeholder={param.required ? "required" : written(param.default)}
                send={(text) =>
                  void perform(() => change({ params: text.trim() === "" ? without(session.params, name) : { ...session.params, [name]: parsed(text) } }))
                }
              />
            ))}
          </div>
        </>
      )}
    </section>
  );
}
