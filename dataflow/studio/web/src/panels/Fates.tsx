/** What would run and why, before a run; after one, what did and how long it took. */
import { useState } from "react";
import { useAsked } from "../asked";
import { useStudio } from "../store";
import { seconds } from "../values/format";
import { Tabs } from "../values/Tabs";
import { groups, type Group } from "./fates";
import { reveal } from "./reveal";

export function Fates() {
  const [mode, setMode] = useState("next");
  const state = useStudio((all) => all.run?.state);
  const version = useStudio((all) => all.document?.version);
  const session = useStudio((all) => all.session);
  const number = useStudio((all) => all.run?.number);
  const told = useStudio((all) => all.run?.problem?.message ?? ""); // above this list
  const running = state === "running";
  const question = `${version} ${number} ${state} ${JSON.stringify(session)}`;
  const { answer, refused } = useAsked("plan_run", running || mode !== "next" ? null : {}, question);
  return (
    <section>
      <h3>Nodes</h3>
      <Tabs
        label="Which run"
        tabs={[{ id: "next", title: "Next run" }, { id: "last", title: "Last run" }]}
        at={running ? "last" : mode}
        to={setMode}
      />
      {running || mode === "last" ? <Last /> : refused ? <p className="quiet">{told !== "" && refused.startsWith(told) ? "It would end as the last one did." : refused}</p> : answer && <List of={groups(answer)} />}
    </section>
  );
}

function Last() {
  const nodes = useStudio((all) => all.run?.nodes);
  if (nodes === undefined || Object.keys(nodes).length === 0) return <p className="quiet">Nothing has run yet.</p>;
  return <List of={groups(nodes)} />;
}

function List({ of }: { of: Group[] }) {
  if (of.length === 0) return <p className="quiet">There are no nodes.</p>;
  return (
    <div className="fates">
      {of.map(({ fate, title, nodes }) => (
        <details key={fate} open={fate === "run" && nodes.length <= 12}>
          <summary className={`fate-${fate}`}>{title}</summary>
          <ul>
            {nodes.map(({ name, because, seconds: time, estimated }) => (
              <li key={name}>
                <button type="button" className="inline" onClick={() => reveal(name)}>
                  {name}
                </button>
                <span className="quiet">{because}</span>
                {time !== null && (
                  <span className="time" title={estimated ? "its share of what runs together" : ""}>
                    {estimated && "≈ "}
                    {seconds(time)}
                  </span>
                )}
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}
