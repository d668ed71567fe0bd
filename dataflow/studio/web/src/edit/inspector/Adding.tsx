/** Fields for one more of a kind: its name, then its value. */
import { useState } from "react";
import { Combo, type Suggestion } from "../fields/Combo";

interface Given {
  what: string; // "input"
  hint: string;
  suggestions?: Suggestion[];
  add: (name: string, text: string) => Promise<unknown>;
}

export function Adding({ what, hint, suggestions, add }: Given) {
  const [name, setName] = useState<string | null>(null);
  if (name === null)
    return (
      <button className="link insp-add" onClick={() => setName("")}>
        + {what}
      </button>
    );
  const commit = async (text: string) => {
    if (name.trim() === "") throw new Error("a name comes first");
    await add(name.trim(), text.trim());
    setName(null);
  };
  return (
    <div className="attr">
      <input
        className="field mono"
        autoFocus
        aria-label={`Name of the new ${what}`}
        placeholder="name"
        value={name}
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setName(null)}
      />
      <Combo label={`Value of the new ${what}`} value="" placeholder={hint} {...(suggestions && { suggestions })} commit={commit} />
    </div>
  );
}
