import { set, useStudio } from "../../store";

/** How many problems the document has. */
export function Count() {
  const count = useStudio((state) => state.document?.problems.length ?? 0);
  return count > 0 ? <span className="count">{count}</span> : null;
}

/** The count in the status bar; a press shows what they are. */
export function ProblemStatus() {
  const count = useStudio((state) => state.document?.problems.length ?? -1);
  if (count < 0) return null;
  return (
    <button className={count > 0 ? "link count-link" : "link"} onClick={() => set({ side: "problems" })}>
      {count === 0 ? "no problems" : count === 1 ? "1 problem" : `${count} problems`}
    </button>
  );
}
