/** Find over the project: names of nodes, `block:`, `attr:`, `is:problem`, `is:clipped`; Enter goes there. */
import { useEffect, useState } from "react";
import { perform } from "../../commands";
import { ask } from "../../connection";
import type { Hit } from "../../protocol";
import { get, set, useStudio } from "../../store";
import { show } from "../commands";
import { drawn } from "../edits";
import { told } from "../fields/draft";
import { openFile } from "../files";
import { closeOver, Picker } from "../picker/Picker";

const PAUSE = 120; // ms
const KINDS = ["block:", "attr:", "is:problem", "is:clipped"];

export default function Find() {
  const [query, setQuery] = useState("");
  const [hits, setHits] = useState<Hit[]>([]);
  const [problem, setProblem] = useState("");
  const path = useStudio((state) => state.document?.path ?? "");
  useEffect(() => {
    let late = false;
    const timer = setTimeout(() => {
      if (query.trim() === "") return setHits([]);
      ask("find", { query }).then(
        (found) => !late && (setHits(found), setProblem("")),
        (error: unknown) => !late && (setHits([]), setProblem(told(error))),
      );
    }, PAUSE);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [query]);
  const none = query.trim() === "" ? "Nodes of all graphs of the project, by name or by what they are." : "Nothing has that.";
  return (
    <Picker<Hit>
      label="Find in the project"
      placeholder="A name, block:Conv2D, attr:num_bits, is:problem, is:clipped"
      query={query}
      change={setQuery}
      items={hits}
      keyOf={({ path: file, line, node, text }) => `${file}:${line}:${node}:${text}`}
      row={(hit) => (
        <div className="line-row">
          <strong>{hit.node || "file"}</strong>
          <span className="grow mono dim">{detail(hit)}</span>
          <span className="dim">{hit.path === path ? `line ${hit.line}` : `${hit.path}:${hit.line}`}</span>
        </div>
      )}
      choose={(hit) => void perform(() => go(hit))}
      does="go there"
      counted={["1 place", "places"]}
      none={problem || none}
    >
      <div className="find-chips" role="group" aria-label="What to find by">
        {KINDS.map((kind) => (
          <button
            key={kind}
            type="button"
            className="find-chip"
            onClick={() => {
              setQuery((now) => `${now.trimEnd()} ${kind}`.trimStart());
              document.querySelector<HTMLInputElement>(".picker input")?.focus();
            }}
          >
            {kind}
          </button>
        ))}
      </div>
    </Picker>
  );
}

/** The line without the name that stands before it; of a node whose line has no more, its block. */
function detail({ node, path, text }: Hit): string {
  const rest = text.startsWith(`${node}:`) ? text.slice(node.length + 1).trim() : text;
  const { document } = get();
  return rest || (document?.path === path ? (document.nodes[node]?.block ?? "") : "");
}

/** Show what was found, in its own file. */
async function go(hit: Hit): Promise<void> {
  closeOver();
  if (get().document?.path !== hit.path) {
    await openFile(hit.path);
    await opened(hit.path);
  }
  await drawn(); // what the window lay over has given the focus back
  show(hit.node, hit.line);
}

/** Once a file is there that was asked for. */
function opened(path: string): Promise<void> {
  if (get().document?.path === path) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = useStudio.subscribe(({ document }) => {
      if (document?.path !== path) return;
      stop();
      set({ focused: null });
      setTimeout(resolve, 60); // the canvas draws it first
    });
  });
}
