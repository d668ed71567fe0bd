/** One of a few values; parameters can stand in for them. */
import { useState } from "react";
import { told } from "./draft";

interface Given {
  label: string;
  value: string;
  choices: string[];
  more?: string[];
  hint: string; // while nothing is chosen: the default
  describedBy?: string | undefined;
  disabled?: boolean;
  commit: (text: string) => unknown;
}

export function Choice({ label, value, choices, more = [], hint, describedBy, disabled, commit }: Given) {
  const [problem, setProblem] = useState("");
  const take = async (text: string) => {
    try {
      await commit(text);
      setProblem("");
    } catch (error) {
      setProblem(told(error));
    }
  };
  const known = value === "" || choices.includes(value) || more.includes(value);
  return (
    <div className="combo">
      <select
        className="field mono"
        aria-label={label}
        aria-describedby={describedBy}
        aria-invalid={problem !== ""}
        disabled={disabled}
        value={value}
        onChange={(event) => void take(event.target.value)}
      >
        <option value="">{hint}</option>
        {!known && <option value={value}>{value}</option>}
        {choices.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
        {more.length > 0 && (
          <optgroup label="Parameters">
            {more.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </optgroup>
        )}
      </select>
      {problem !== "" && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
