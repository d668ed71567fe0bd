/** A new graph file: empty, or a copy of another. */
import { useState } from "react";
import { Dialog } from "../../shell/Dialog";
import { useStudio } from "../../store";
import { told } from "../fields/draft";
import { createFile } from "../files";
import { closeOver } from "../picker/Picker";

export default function NewFile() {
  const gallery = useStudio((state) => state.gallery);
  const open = useStudio((state) => state.document?.path ?? "");
  const [path, setPath] = useState("graph.yaml");
  const [like, setLike] = useState("");
  const [problem, setProblem] = useState("");
  const make = async () => {
    const file = /\.ya?ml$/.test(path.trim()) ? path.trim() : `${path.trim()}.yaml`;
    try {
      await createFile(file, like === "" ? undefined : like);
      closeOver();
    } catch (error) {
      setProblem(told(error));
    }
  };
  const known = [...new Set([...(open === "" ? [] : [open]), ...gallery.map((each) => each.path)])];
  return (
    <Dialog title="New graph">
      <form
        className="edit-form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label>
          File
          <input
            className="field mono"
            value={path}
            spellCheck={false}
            aria-invalid={problem !== ""}
            onFocus={(event) => event.target.setSelectionRange(0, path.replace(/\.ya?ml$/, "").length)}
            onChange={(event) => setPath(event.target.value)}
          />
          <span className="dim">In the project folder; folders that are not there are made.</span>
        </label>
        <label>
          Begin with
          <select className="field" value={like} onChange={(event) => setLike(event.target.value)}>
            <option value="">an empty graph</option>
            {known.map((each) => (
              <option key={each} value={each}>
                a copy of {each.replace("dataflow:", "")}
              </option>
            ))}
          </select>
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
          <button type="submit" className="button main" disabled={path.trim() === ""}>
            Make it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
