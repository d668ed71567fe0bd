/** A graph that comes with the package cannot be changed: offer a copy of it in the project. */
import { useState, type FormEvent } from "react";
import { perform } from "../commands";
import { ask } from "../connection";
import { useFreeFile } from "../edit/free";
import { useStudio } from "../store";

export function ReadOnly() {
  const path = useStudio((state) => state.document?.path ?? "");
  const scope = useStudio((state) => state.document?.view.scope ?? "");
  const why = useStudio((state) => state.document?.readonly ?? "");
  if (!path.startsWith("dataflow:") || why === "" || scope !== "") return null;
  return <Offer key={path} path={path} why={why} />;
}

function Offer({ path, why }: { path: string; why: string }) {
  const [typed, setName] = useState("");
  const offered = useFreeFile(path.replace(/^.*[/:]|\.ya?ml$/g, ""));
  const name = typed.trim() || offered;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void perform(() => ask("create", { path: /\.ya?ml$/.test(name) ? name : `${name}.yaml`, like: path }));
  };
  return (
    <form className="read-only" aria-label="Copy of the graph" onSubmit={submit}>
      <span>This graph can be run, not changed: {why}.</span>
      <input className="field" aria-label="Name of the copy" placeholder={offered} value={typed} onChange={(event) => setName(event.currentTarget.value)} />
      <button type="submit" className="button">
        Copy to the project
      </button>
    </form>
  );
}
