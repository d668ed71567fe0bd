/** A field that is sent when it is left or Enter is pressed, not at each letter; Escape takes it back. */
import { useState } from "react";

export function Field({ label, value, placeholder = "", kind = "text", disabled = false, hint = "", send }: {
  label: string;
  value: string;
  placeholder?: string;
  kind?: "text" | "number";
  disabled?: boolean;
  hint?: string;
  send: (text: string) => void;
}) {
  const [text, setText] = useState<string | null>(null); // null while nobody writes: then the field follows its value
  const commit = () => {
    if (text !== null && text !== value) send(text);
    setText(null);
  };
  return (
    <label className="labelled" title={hint}>
      <span>{label}</span>
      <input
        className={text === null || text === value ? "field" : "field changed"}
        inputMode={kind === "number" ? "decimal" : "text"}
        value={text ?? value}
        placeholder={placeholder}
        disabled={disabled}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
          if (event.key !== "Escape" || text === null) return;
          setText(null);
          event.stopPropagation();
        }}
      />
    </label>
  );
}
