/** A field for prose of several lines. */
import { useId } from "react";
import { useDraft } from "./draft";

interface Given {
  label: string;
  value: string;
  placeholder?: string;
  disabled?: boolean;
  commit: (text: string) => unknown;
}

export function Text({ label, value, placeholder, disabled, commit }: Given) {
  const draft = useDraft(value, commit);
  const id = useId();
  return (
    <div className="combo">
      <textarea
        className="field prose"
        aria-label={label}
        aria-invalid={draft.problem !== ""}
        aria-describedby={draft.problem === "" ? undefined : id}
        rows={Math.min(6, Math.max(1, Math.ceil(draft.text.length / 40)))}
        placeholder={placeholder}
        disabled={disabled}
        value={draft.text}
        onChange={(event) => draft.type(event.target.value.replaceAll("\n", " "))}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.preventDefault();
          draft.keys(event);
        }}
        onBlur={() => void draft.take()}
      />
      {draft.problem !== "" && (
        <p className="field-problem" role="alert" id={id}>
          {draft.problem}
        </p>
      )}
    </div>
  );
}
