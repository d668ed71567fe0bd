/** A new graph file: empty, or a copy of another. */
import { useState } from "react";
import { useStudio } from "../../store";
import { createFile } from "../files";
import { useFreeFile } from "../free";
import { MakeFile, Name } from "./MakeFile";

export default function NewFile() {
  const gallery = useStudio((state) => state.gallery);
  const open = useStudio((state) => state.document?.path ?? "");
  const [path, setPath] = useState("");
  const [like, setLike] = useState("");
  const offered = useFreeFile("graph");
  const file = path.trim() || offered;
  const make = () => createFile(/\.ya?ml$/.test(file) ? file : `${file}.yaml`, like || undefined);
  const known = [...new Set([...(open === "" ? [] : [open]), ...gallery.map((each) => each.path)])];
  return (
    <MakeFile title="New graph" make={make}>
      <Name label="File" value={path} placeholder={offered} onChange={setPath} note="In the project folder; folders that are not there are made." />
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
