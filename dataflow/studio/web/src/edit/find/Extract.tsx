/** The selected nodes as a graph file of their own, which a node in their place uses. */
import { useState } from "react";
import { Dialog } from "../../shell/Dialog";
import { get, set } from "../../store";
import { chosenNodes, edit, free } from "../edits";
import { told } from "../fields/draft";
import { closeOver } from "../picker/Picker";

export default function Extract() {
  const [nodes] = useState(chosenNodes);
  const [name, setName] = useState(() => free("part", get().document!));
  const [path, setPath] = useState("");
  const [problem, setProblem] = useState("");
  const file = path.trim() || `${name.trim()}.yaml`;
  const make = async () => {
    try {
      await edit(`Make ${file} of ${nodes.length} nodes`, { op: "extract", names: nodes, name: name.trim(), path: file });
      closeOver();
      set({ selected: [name.trim()] });
    } catch (error) {
      setProblem(told(error));
    }
  };
  return (
    <Dialog title="Make a graph file of the selection">
      <form
        className="edit-form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <p className="dim">{nodes.length === 1 ? nodes[0] : `${nodes.length} nodes: ${nodes.join(", ")}`}</p>
        <label>
          Name of the node that stands for them
          <input
            className="field mono"
            value={name}
            spellCheck={false}
            onFocus={(event) => event.target.select()}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          File
          <input
            className="field mono"
            value={path}
            placeholder={file}
            spellCheck={false}
            onChange={(event) => setPath(event.target.value)}
          />
          <span className="dim">From the folder of this file; written when you save.</span>
        </label>
        {problem !== "" && (
          <p className="field-problem" role="alert">
            {problem}
          </p>
        )}
        <div className="form-actions">
          <button type="button" className="button plain" onClick={closeOver}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={name.trim() === ""}>
            Make it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
