/** The text of the file beside the picture: what is typed there is an edit, and edits of the picture show in it. */
import { useEffect, useRef, useState } from "react";
import { useStudio } from "../store";
import { useEditing } from "../edit/state";
import { Pane } from "./pane";
import "./text.css";

export default function TextPane() {
  const host = useRef<HTMLDivElement>(null);
  const pane = useRef<Pane | null>(null);
  const [problem, setProblem] = useState("");
  const path = useStudio((state) => state.document?.path ?? "");
  const readonly = useStudio((state) => state.document?.readonly ?? "");
  const line = useEditing((state) => state.line);
  useEffect(() => {
    const made = new Pane(host.current!, setProblem);
    pane.current = made;
    return () => made.close();
  }, [path, readonly]);
  useEffect(() => {
    if (line !== null) pane.current?.show(line);
  }, [line, path, readonly]);
  return (
    <div className="text-pane">
      <div className="text-head">
        <span className="mono">{path}</span>
        <span className="dim">{readonly !== "" ? "read only" : ""}</span>
      </div>
      <div className="text-host" ref={host} />
      {problem !== "" && (
        <p className="text-problem" role="status">
          Not taken yet: {problem}
        </p>
      )}
    </div>
  );
}
