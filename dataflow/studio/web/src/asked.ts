/** What the server answers, kept in a component: asked again when the question changes, the last answer wins. */
import { useEffect, useState } from "react";
import { ask, Refused } from "./connection";
import type { Commands } from "./protocol";

export interface Asked<T> {
  answer: T | null; // the one before stays until the next is there, so that nothing jumps
  refused: string; // why there is none; "" where there is
  waiting: boolean;
}

/** Why something is refused, with the way out. */
export const reason = (error: Error): string =>
  error instanceof Refused && error.refusal.hint !== "" ? `${error.message}; ${error.refusal.hint}` : error.message;

/** Ask; `again` is what an answer also depends on, such as the number of a run. With `given` null nothing is asked. */
export function useAsked<K extends keyof Commands>(command: K, given: Commands[K][0] | null, again?: unknown): Asked<Commands[K][1]> {
  const [state, setState] = useState<Asked<Commands[K][1]>>({ answer: null, refused: "", waiting: given !== null });
  const question = given === null ? null : JSON.stringify(given);
  useEffect(() => {
    if (question === null) return;
    let current = true;
    setState((before) => ({ ...before, waiting: true }));
    ask(command, JSON.parse(question) as Commands[K][0]).then(
      (answer) => current && setState({ answer, refused: "", waiting: false }),
      (error: Error) => current && setState({ answer: null, refused: reason(error), waiting: false }),
    );
    return () => {
      current = false;
    };
  }, [command, question, again]);
  return state;
}
