/** What became of a node in the last run, in the corner of its card; the room for it is there before. */
import type { Card, Fate, NodeFate, Run } from "../protocol";
import { useStudio } from "../store";
import { seconds } from "../values/format";
import { isOld } from "../values/ports";

const WORDS: Record<Fate, string> = {
  run: "✓",
  kept: "kept",
  fed: "fed",
  constant: "const",
  same: "same",
  view: "view",
  unneeded: "–",
  bypassed: "bypass",
  frozen: "frozen",
};

export function NodeState({ card }: { card: Card }) {
  const scope = useStudio(({ document }) => document?.view.scope ?? "");
  const fate = useStudio(({ run }) => fateOf(run, scope, card));
  const old = useStudio((state) => isOld(state, fullName(scope, card)));
  if (fate === undefined) return <span className="time" />;
  const timed = fate.fate === "run" && fate.seconds !== null && fate.seconds >= 0.00005;
  const text = timed ? `${fate.estimated ? "~" : ""}${seconds(fate.seconds!)}` : WORDS[fate.fate];
  const told = fate.estimated && timed ? "its share of what runs together" : fate.because;
  return (
    <span className={`time ${fate.fate}${old ? " old" : ""}`} title={told === "" ? fate.fate : `${fate.fate}: ${told}`}>
      {text}
    </span>
  );
}

const fullName = (scope: string, { id }: Pick<Card, "id">): string => (scope === "" ? id : `${scope}/${id}`);

const sums = new WeakMap<Run["nodes"], Map<string, NodeFate | undefined>>();

/** The fate of a card's node; of a graph that is used as a node the time of all that is in it. */
export function fateOf(run: Run | null, scope: string, card: Pick<Card, "id" | "kind">): NodeFate | undefined {
  if (run === null) return undefined;
  const name = fullName(scope, card);
  if (card.kind !== "graph" || name in run.nodes) return run.nodes[name];
  const sorted = sums.get(run.nodes) ?? new Map<string, NodeFate | undefined>();
  sums.set(run.nodes, sorted);
  if (!sorted.has(name)) sorted.set(name, summed(run.nodes, `${name}/`));
  return sorted.get(name);
}

function summed(nodes: Run["nodes"], prefix: string): NodeFate | undefined {
  let all: NodeFate | undefined;
  for (const [name, fate] of Object.entries(nodes)) {
    if (!name.startsWith(prefix)) continue;
    const time = (all?.seconds ?? 0) + (fate.seconds ?? 0);
    const ran = all?.fate === "run" || fate.fate === "run";
    all = { fate: ran ? "run" : fate.fate, because: fate.because, seconds: time, estimated: fate.estimated || all?.estimated === true };
  }
  return all;
}
