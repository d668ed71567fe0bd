import { useStudio } from "../../store";

/** How many problems the document has. */
export function Count() {
  const count = useStudio((state) => state.document?.problems.length ?? 0);
  return count > 0 ? <span className="count">{count}</span> : null;
}
