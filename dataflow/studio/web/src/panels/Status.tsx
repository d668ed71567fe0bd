/** What trains and works at the moment, and what colours mean, in the line at the bottom. */
import { set, useStudio } from "../store";
import { count, short } from "../values/format";
import { GRADES, NO_VALUES, worst } from "../values/quality";

export function TrainingStatus() {
  const state = useStudio((all) => all.training?.state ?? "none");
  const epoch = useStudio((all) => all.training?.epoch ?? 0);
  const epochs = useStudio((all) => all.training?.epochs ?? 0);
  const step = useStudio((all) => (all.training?.epochs === 1 ? all.training.step : 0));
  const name = useStudio((all) => Object.keys(all.training?.metrics ?? {})[0] ?? ""); // what is minimized
  const value = useStudio((all) => all.training?.trends[name]?.mean.at(-1));
  const current = useStudio((all) => all.training?.current ?? true) || state === "running" || state === "paused";
  if (state === "none" || (state === "failed" && !current)) return null;
  return (
    <button type="button" className={current ? "link" : "link past"} title={current ? undefined : "Of another graph, or of this one before the last change"} onClick={() => set({ side: "training" })}>
      {state === "running" ? "training" : `training ${state}`}: {epochs > 1 ? `epoch ${epoch} of ${epochs}` : `step ${count(step)}`}
      {value !== undefined && `, ${name} ${short(value, 3)}`}
    </button>
  );
}

export function JobsStatus() {
  const running = useStudio((all) => all.jobs.filter((job) => job.state === "running").length);
  const title = useStudio((all) => all.jobs.find((job) => job.state === "running")?.title ?? "");
  const part = useStudio((all) => {
    const job = all.jobs.find((each) => each.state === "running");
    return job === undefined || job.total === 0 ? null : Math.floor((100 * job.done) / job.total);
  });
  if (running === 0) return null;
  return (
    <button type="button" className="link" onClick={() => set({ side: "quantization" })}>
      {running === 1 ? title : `${running} jobs`}
      {part !== null && ` ${part} %`}
    </button>
  );
}

/** What the colours of wires behind quantizers mean, and of cards while they go by SQNR. */
export function QualityLegend() {
  const asked = useStudio((all) => all.byQuality && all.document?.sections.quantization !== undefined);
  const known = useStudio((all) => all.document?.scene.cards.some((card) => worst(card, all.run?.values ?? NO_VALUES) !== null) ?? false);
  if (!asked && !known) return null;
  return (
    <span className="sqnr-legend">
      SQNR accumulated:
      {known
        ? GRADES.map(({ words }, i) => (
            <span key={words} className={`grade-${i}`}>
              {words}
            </span>
          ))
        : " a run measures it"}
    </span>
  );
}
