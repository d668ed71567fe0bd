/** Give the readers of a port another value than its node makes. */
import { useState, type FormEvent } from "react";
import { perform } from "../commands";
import { parsed } from "../edit/plain";
import { Dialog } from "../shell/Dialog";
import { get, set } from "../store";
import { force, meantPort, session, written } from "./session";

export default function ForceDialog() {
  const [port] = useState(meantPort);
  const [text, setText] = useState(() => written(session().forced[port] ?? get().run?.values[port]?.shown ?? 0));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set({ over: null });
    void perform(() => force(port, parsed(text)));
  };
  return (
    <Dialog title={`Force ${port}`}>
      <form className="form" onSubmit={submit}>
        <label>
          Value
          <input className="field mono" autoFocus value={text} onChange={(event) => setText(event.currentTarget.value)} />
        </label>
        <p className="quiet">A number for every element, or nested lists in the value’s shape. The file stays as it is.</p>
        <div className="actions">
          <button type="submit" className="button main">
            Force
          </button>
        </div>
      </form>
    </Dialog>
  );
}
