/** What was said at the edge of the page: gone after a while, but not while it is read. */
import { useEffect, useState } from "react";
import { perform } from "../../commands";
import { ask } from "../../connection";
import { set, useStudio, type Notice } from "../../store";
import { Icon } from "../../shell/icons";
import { show } from "../commands";
import "./notices.css";

const SHORT = 5000; // ms
const LONG = 12000; // for what was refused: it says what to do instead

const close = (number: number) =>
  set(({ notices }) => ({ notices: notices.filter((notice) => notice.number !== number) }));

export function Notices() {
  const notices = useStudio((state) => state.notices);
  return (
    <div className="notice-list" aria-live="polite" role="log" aria-label="Notices">
      {notices.map((notice) => (
        <Shown key={notice.number} notice={notice} />
      ))}
    </div>
  );
}

function Shown({ notice }: { notice: Notice }) {
  const { number, level, message, hint, about } = notice;
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => close(number), level === "refused" ? LONG : SHORT);
    return () => clearTimeout(timer);
  }, [held, number, level]);
  return (
    <div
      className={`notice notice-${level}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <div>
        <p>{message}</p>
        {hint !== "" && <p className="dim">{hint}</p>}
      </div>
      <Lead about={about} />
      <button className="button plain" aria-label="Close the notice" onClick={() => close(number)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** What leads to what a notice tells of: a report, a graph file, a place in the document, or the job. */
function Lead({ about: { file, problem, job } }: Pick<Notice, "about">) {
  if (file !== undefined && file.address !== "")
    return (
      <a className="button lead" href={file.address} target="_blank" rel="noopener">
        Open
      </a>
    );
  const graph = file !== undefined && /\.ya?ml$/.test(file.path);
  const place = problem != null && (problem.node !== "" || problem.line > 0);
  if (!graph && !place && job === undefined) return null;
  const go = () =>
    graph ? ask("open", { path: file.path }) : place ? show(problem.node, problem.line, problem.column) : set({ side: "quantization" });
  return (
    <button className="button lead" onClick={() => void perform(go)}>
      {graph ? "Open" : "Show"}
    </button>
  );
}
