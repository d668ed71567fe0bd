/** A text in a field: typed, then taken by Enter or by leaving the field; Escape takes back what was typed. */
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { Refused } from "../../connection";

export interface Draft {
  text: string;
  problem: string; // why the text was not taken; "" while it is right
  type: (text: string) => void;
  take: (text?: string) => Promise<void>;
  keys: (event: KeyboardEvent) => void;
}

/** `commit` takes a text that differs from `value`; what it throws is the problem shown. */
export function useDraft(value: string, commit: (text: string) => unknown): Draft {
  const [text, setText] = useState(value);
  const [problem, setProblem] = useState("");
  const going = useRef<string | null>(null); // what is being taken
  useEffect(() => {
    setText(value);
    setProblem("");
  }, [value]);
  const take = async (chosen = text) => {
    setText(chosen);
    if (chosen === value) return setProblem("");
    if (going.current === chosen) return; // by Enter, and the field is left before the answer is there
    going.current = chosen;
    try {
      await commit(chosen);
      setProblem("");
    } catch (error) {
      setProblem(told(error));
    } finally {
      going.current = null;
    }
  };
  return {
    text,
    problem,
    type: (typed) => {
      setText(typed);
      setProblem("");
    },
    take,
    keys: (event) => {
      if (event.key === "Enter") void take();
      else if (event.key === "Escape" && (text !== value || problem !== "")) {
        event.stopPropagation();
        setText(value);
        setProblem("");
      }
    },
  };
}

export function told(error: unknown): string {
  if (error instanceof Refused) return [error.refusal.message, error.refusal.hint].filter(Boolean).join(" · ");
  return error instanceof Error ? error.message : String(error);
}
