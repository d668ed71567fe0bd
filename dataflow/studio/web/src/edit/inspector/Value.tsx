/** The field that fits a value: a choice, a number that the arrow keys step, or text with suggestions. */
import { useStudio } from "../../store";
import { Choice } from "../fields/Choice";
import { Combo } from "../fields/Combo";
import { everyDtype, params } from "../fields/wires";
import { spelled } from "../plain";
import { stepped, type AttrInfo } from "./values";

interface ValueGiven {
  label: string;
  info: AttrInfo | null;
  text: string;
  hint: string;
  plain?: boolean; // without the parameters among the suggestions
  describedBy?: string | undefined;
  readonly: boolean;
  commit: (text: string) => unknown;
}

export function Value({ label, info, text, hint, plain = false, describedBy, readonly, commit }: ValueGiven) {
  const document = useStudio((state) => state.document);
  const blocks = useStudio((state) => state.blocks);
  const named = plain || document === null ? [] : params(document);
  const choices = info?.type === "bool" ? ["true", "false"] : (info?.choices ?? []).map(spelled);
  if (choices.length > 0 && choices.length <= 12)
    return (
      <Choice
        label={label}
        value={text}
        choices={choices}
        more={named.map((each) => each.text)}
        hint={hint}
        describedBy={describedBy}
        disabled={readonly}
        commit={commit}
      />
    );
  const suggestions = info?.type === "Dtype" ? everyDtype(blocks) : choices.map((each) => ({ text: each }));
  return (
    <Combo
      label={label}
      value={text}
      placeholder={hint}
      suggestions={[...suggestions, ...named]}
      describedBy={describedBy}
      disabled={readonly}
      {...(info && { step: (now: string, by: 1 | -1) => stepped(now, by, info) })}
      commit={commit}
    />
  );
}
