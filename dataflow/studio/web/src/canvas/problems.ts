/** Which problems are at which card: what the loader found, and where the last run failed. */
import type { Problem } from "../protocol";
import { useStudio } from "../store";

const NONE: readonly Problem[] = [];
const known = new WeakMap<readonly Problem[], Map<string, Problem[]>>();

/** The problems of a list by the node that they are about; one list is sorted once. */
export function byNode(problems: readonly Problem[]): Map<string, Problem[]> {
  let sorted = known.get(problems);
  if (sorted === undefined) {
    sorted = new Map();
    for (const problem of problems)
      if (problem.node !== "") sorted.set(problem.node, [...(sorted.get(problem.node) ?? []), problem]);
    known.set(problems, sorted);
  }
  return sorted;
}

/** The problems of a card. */
export function useProblems(card: string): readonly Problem[] {
  const loading = useStudio(({ document }) => (document === null ? undefined : byNode(document.problems).get(card)));
  const failed = useStudio(({ run }) => (run?.problem?.node === card && card !== "" ? run.problem : null));
  if (failed === null) return loading ?? NONE;
  return [...(loading ?? NONE), failed];
}

/** Whether nothing is wrong yet, but something is still to be wired or given, as in a node that was just added. */
export function unfinished(problems: readonly Problem[]): boolean {
  return problems.length > 0 && problems.every(({ message }) => /must be (wired, got nothing|given)/.test(message));
}

/** Whether a problem is about that port. */
export function useTroubledPort(card: string, port: string): boolean {
  return useStudio(({ document, run }) => {
    const about = (problem: Problem) => problem.node === card && problem.port === port;
    if (document === null) return false;
    return byNode(document.problems).get(card)?.some(about) === true || (run?.problem != null && about(run.problem));
  });
}
