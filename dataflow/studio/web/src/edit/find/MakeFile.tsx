/** A form over the page that makes a file: fields, why it could not be made, and the way out. */
import { useState, type InputHTMLAttributes, type ReactNode } from "react";
import { Dialog } from "../../shell/Dialog";
import { told } from "../fields/draft";
import { closeOver } from "../picker/Picker";

interface Given {
  title: string;
  make: () => Promise<void>;
  named?: boolean; // whether there is a name to make it by
  children: ReactNode;
}

export function MakeFile({ title, make, named = true, children }: Given) {
  const [problem, setProblem] = useState("");
  return (
    <Dialog title={title}>
      <form
        className="edit-form"
        onSubmit={(event) => {
          event.preventDefault();
          make().then(closeOver, (error: unknown) => setProblem(told(error)));
        }}
      >
        {children}
        {problem !== "" && (
          <p className="field-problem" role="alert">
            {problem}
          </p>
        )}
        <div className="form-actions">
          <button type="button" className="button plain" onClick={closeOver}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={!named}>
            Make it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface NameGiven extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange"> {
  label: string;
  note?: string;
  onChange: (text: string) => void;
}

export function Name({ label, note, onChange, ...rest }: NameGiven) {
  return (
    <label>
      {label}
      <input className="field mono" spellCheck={false} onChange={(event) => onChange(event.target.value)} {...rest} />
      {note !== undefined && <span className="dim">{note}</span>}
    </label>
  );
}
