/** Work that takes a while: how far it is, what it wrote, what it found. */
import { useEffect, useRef } from "react";
import { perform } from "../commands";
import { ask } from "../connection";
import type { Job } from "../protocol";
import { useStudio } from "../store";
import { Progress } from "./Progress";
import { Result } from "./Result";
import { Trouble } from "./Trouble";

export function Jobs() {
  const jobs = useStudio((state) => state.jobs);
  if (jobs.length === 0) return null;
  return (
    <section>
      <h3>Jobs</h3>
      <ul className="jobs">
        {[...jobs].reverse().map((job) => (
          <Each key={job.number} job={job} />
        ))}
      </ul>
    </section>
  );
}

function Each({ job }: { job: Job }) {
  const running = job.state === "running";
  const item = useRef<HTMLLIElement>(null);
  const begun = useRef(running); // a job that begins is shown, wherever the button was
  useEffect(() => {
    if (begun.current) item.current?.scrollIntoView?.({ block: "start" });
  }, []);
  return (
    <li className={`job ${job.state}`} ref={item}>
      <div className="pair">
        <b>{job.title}</b>
        {running ? (
          <button type="button" className="button plain" onClick={() => void perform(() => ask("cancel", { what: "job", number: job.number }))}>
            Cancel
          </button>
        ) : (
          <span className="state">{job.state}</span>
        )}
      </div>
      {running && <Progress done={job.done} total={job.total} label={job.title} />}
      {job.message !== "" && job.problem === null && <p className="quiet">{job.message}</p>}
      {job.problem && <Trouble problem={job.problem} />}
      {job.files.length > 0 && (
        <ul className="files">
          {job.files.map(({ path, address }) => (
            <li key={path}>
              {address !== "" ? (
                <a className="inline" href={address} target="_blank" rel="noopener" title={`${path}, in a new tab`}>
                  Open the report
                </a>
              ) : /\.ya?ml$/.test(path) ? (
                <button type="button" className="inline" onClick={() => void perform(() => ask("open", { path }))}>
                  Open {path}
                </button>
              ) : (
                <code>{path}</code>
              )}
            </li>
          ))}
        </ul>
      )}
      {job.result !== null && (
        <details className="more" open>
          <summary>{job.state === "done" ? "Result" : running ? "Result so far" : "Result, in part"}</summary>
          <Result result={job.result} of={`Result of job ${job.number}`} />
        </details>
      )}
    </li>
  );
}

