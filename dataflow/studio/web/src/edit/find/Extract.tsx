/** The selected nodes as a graph file of their own, which a node in their place uses. */
import { useState } from "react";
import { get, set } from "../../store";
import { chosenNodes, edit, free } from "../edits";
import { useFreeFile } from "../free";
import { MakeFile, Name } from "./MakeFile";

export default function Extract() {
  const [nodes] = useState(chosenNodes);
  const [name, setName] = useState(() => free("part", get().document!));
  const [path, setPath] = useState("");
  const [folder] = useState(() => get().document!.path.replace(/[^/]*$/, ""));
  const offered = useFreeFile(folder + name.trim()).slice(folder.length);
  const file = path.trim() || offered;
  const make = async () => {
    await edit(`Make ${file} of ${nodes.length} nodes`, { op: "extract", names: nodes, name: name.trim(), path: file });
    set({ selected: [name.trim()] });
  };
  return (
    <MakeFile title="Make a graph file of the selection" make={make} named={name.trim() !== ""}>
      <p className="dim">{nodes.length === 1 ? nodes[0] : `${nodes.length} nodes: ${nodes.join(", ")}`}</p>
      <Name label="Name of the node that stands for them" value={name} onFocus={(event) => event.target.select()} onChange={setName} />
      <Name label="File" value={path} placeholder={offered} onChange={setPath} note="From the folder of this file; written when you save." />
    </MakeFile>
  );
}
