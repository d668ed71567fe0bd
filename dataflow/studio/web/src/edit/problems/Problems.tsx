/** The problems of the document: a press on one shows where it is. */
import { keysOf, shown } from "../../keys";
import { commandNamed } from "../../commands";
import { useStudio } from "../../store";
import type { Problem } from "../../protocol";
import { show } from "../commands";

export default function Problems() {
  const problems = useStudio((state) => state.document?.problems);
  const selected = useStudio((state) => state.selected);
  if (problems === undefined || problems.length === 0)
    return <p className="dim">No problems: this graph runs as it is.</p>;
  const next = keysOf(commandNamed("problem.next")!)[0];
  return (
    <>
      <ul className="problems">
        {problems.map((problem, i) => (
          <li key={`${i} ${problem.message}`}>
            <Shown problem={problem} current={problem.node !== "" && selected.includes(problem.node)} />
          </li>
        ))}
      </ul>
      {next !== undefined && (
        <p className="dim problems-keys">
          <kbd className="keycap">{shown(next)}</kbd> next problem
        </p>
      )}
    </>
  );
}

function Shown({ problem, current }: { problem: Problem; current: boolean }) {
  const { message, hint, node, port, path, line, column } = problem;
  const place = [node && (port ? `${node}.${port}` : node), line > 0 && `${path}:${line}`].filter(Boolean);
  return (
    <button className="problem-row" aria-current={current || undefined} onClick={() => show(node, line, column)}>
      <span className="problem-place">{place.join(" · ")}</span>
      <span>{message}</span>
      {hint !== "" && <span className="dim">{hint}</span>}
    </button>
  );
}
