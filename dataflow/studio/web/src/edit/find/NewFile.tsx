/** A new graph file: empty, or a copy of another. */
import { useState } from "react";
import { useStudio } from "../../store";
import { createFile } from "../files";
import { MakeFile, Name } from "./MakeFile";

export default function NewFile() {
  const gallery = useStudio((state) => state.gallery);
  const open = useStudio((state) => state.document?.path ?? "");
  const [path, setPath] = useState("graph.yaml");
  const [like, setLike] = useState("");
  const stem = path.trim().replace(/\.ya?ml$/, "");
  const make = () => createFile(stem === path.trim() ? `${stem}.yaml` : path.trim(), like === "" ? undefined : like);
  const known = [...new Set([...(open === "" ? [] : [open]), ...gallery.map((each) => each.path)])];
  return (
    <MakeFile title="New graph" make={make} named={path.trim() !== ""}>
      <Name
        label="File"
        value={path}
        onFocus={(event) => event.target.setSelectionRange(0, stem.length)}
        onChange={setPath}
        note="In the project folder; folders that are not there are made."
      />
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
    </MakeFile>
  );
}
