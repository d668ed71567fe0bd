/** Keep the values of nodes as a file has them. */
import { useState, type FormEvent } from "react";
import { useAsked } from "../asked";
import { perform } from "../commands";
import { Dialog } from "../shell/Dialog";
import { set } from "../store";
import { freeze, selectedNodes } from "./session";

export default function FreezeDialog() {
  const [nodes] = useState(selectedNodes);
  const [file, setFile] = useState("");
  const { answer } = useAsked("files", {});
  const found = (answer ?? []).map(({ path }) => path).filter((path) => /\.np[zy]$/.test(path));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set({ over: null });
    void perform(() => freeze(nodes, file));
  };
  return (
    <Dialog title={nodes.length === 1 ? `Freeze ${nodes[0]}` : `Freeze ${nodes.length} nodes`}>
      <form className="form" onSubmit={submit}>
        <label>
          File of arrays, in the project
          <input className="field" autoFocus required list="freeze-files" placeholder="values.npz" value={file} onChange={(event) => setFile(event.currentTarget.value)} />
        </label>
        <datalist id="freeze-files">
          {found.map((path) => (
            <option key={path} value={path} />
          ))}
        </datalist>
        <p className="quiet">Readers get the arrays in it, named as the ports are; the nodes do not run. The file of the graph stays as it is.</p>
        <div className="actions">
          <button type="submit" className="button main" disabled={file === ""}>
            Freeze
          </button>
        </div>
      </form>
    </Dialog>
  );
}
