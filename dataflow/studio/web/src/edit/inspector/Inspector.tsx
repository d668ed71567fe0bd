/** What is selected, to be read and changed: the file, a node, an input, an output, or several nodes at once. */
import { useEffect, useRef } from "react";
import type { Document } from "../../protocol";
import { useStudio } from "../../store";
import { nameOf } from "../edits";
import { FileView } from "./FileView";
import { InputView, OutputView } from "./Interface";
import { NodeView } from "./NodeView";
import { Several } from "./Several";
import "./inspector.css";

export default function Inspector() {
  const document = useStudio((state) => state.document);
  const selected = useStudio((state) => state.selected);
  const [first] = selected;
  const view = useRef<HTMLDivElement>(null);
  useEffect(() => void view.current?.parentElement?.scrollTo(0, 0), [first]);
  return document && <div ref={view}>{shown(document, selected)}</div>;
}

function shown(document: Document, selected: string[]) {
  const readonly = document.readonly !== "";
  const [first] = selected;
  const nodes = selected.filter((id) => id in document.nodes);
  if (first === undefined) return <FileView document={document} readonly={readonly} />;
  if (nodes.length > 1) return <Several document={document} names={nodes} readonly={readonly} />;
  if (selected.length > 1) return <p className="dim">{selected.length} cards are selected.</p>;
  if (first in document.nodes) return <NodeView key={first} document={document} name={first} readonly={readonly} />;
  if (first in document.inputs) return <InputView key={first} document={document} name={first} readonly={readonly} />;
  if (nameOf(first) in document.outputs) return <OutputView key={first} document={document} name={nameOf(first)} readonly={readonly} />;
  return <p className="dim">{nameOf(first)} is not a part of the file: it was made of it.</p>;
}
