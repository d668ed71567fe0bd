/** The line at the bottom: the connection, the size of the graph, the last run, and what parts add. */
import { MADE_UP } from "../panels/rows";
import { useStudio } from "../store";
import { seconds } from "../values/format";
import { Pieces } from "./Pieces";

export function StatusBar() {
  const connected = useStudio((state) => state.connected);
  const nodes = useStudio((state) => (state.document === null ? -1 : Object.keys(state.document.nodes).length));
  const run = useStudio((state) => state.run);
  return (
    <footer className="status">
      {!connected && <span className="away">not connected</span>}
      {nodes >= 0 && <span>{nodes === 1 ? "1 node" : `${nodes} nodes`}</span>}
      {run !== null && run.state !== "none" && (run.current || run.state !== "failed") && (
        <span className={run.state === "failed" ? "away" : run.current ? undefined : "past"} title={run.current ? run.problem?.message : "Of the graph before the last change"}>
          {run.state === "running" ? "running" : `run ${run.number} ${run.state}`}
          {run.state === "done" && run.rows > 0 && run.split === "" && ` on ${MADE_UP}`}
          {run.state === "done" && `, ${seconds(run.seconds)}`}
        </span>
      )}
      <Pieces of="status.left" />
      <span className="space" />
      <Pieces of="status.right" />
    </footer>
  );
}
