/** Names that are free. */
import { useAsked } from "../asked";
import { unlike } from "./edits";

/** A graph file that is not there yet: of this stem, or with the next number. */
export function useFreeFile(stem: string): string {
  const { answer } = useAsked("files", {});
  const taken = Object.fromEntries((answer ?? []).map(({ path }) => [path.replace(/\.ya?ml$/, ""), path]));
  return `${unlike(stem, taken)}.yaml`;
}
