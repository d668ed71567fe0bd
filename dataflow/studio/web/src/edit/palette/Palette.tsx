/** The palette: blocks by words; the one that is chosen is added where it was asked for, wired, and named. */
import { useEffect, useMemo, useState, type CSSProperties } from "react";
import { middle, scenePoint } from "../../canvas/camera";
import { into } from "../../canvas/wire";
import { unfold } from "../../canvas/jumps";
import { perform } from "../../commands";
import { ask } from "../../connection";
import { announce, get, say, useStudio, type PaletteRequest } from "../../store";
import { drawn, editAt, nameOf } from "../edits";
import { Letters } from "../picker/Letters";
import { closeOver, Picker } from "../picker/Picker";
import { bare } from "../Prose";
import { editing } from "../state";
import { addition } from "./addition";
import { drag } from "./drag";
import { entries, offered, plainer, type Entry } from "./entries";
import { placeAt } from "./place";
import { Preview } from "./Preview";
import { search, type Found } from "./search";
import "./palette.css";

export default function Palette() {
  const request = useStudio((state) => state.palette);
  const [query, setQuery] = useState("");
  const from = request?.from ?? null;
  const found = useFound(query, from);
  return (
    <Picker<Found<Entry>>
      label="Add a block"
      placeholder={from === null ? "Search blocks: a name, what it does, a category" : told(from)}
      query={query}
      change={setQuery}
      items={found ?? []}
      keyOf={({ entry }) => `${entry.category} ${entry.block}`}
      row={({ entry, at }) => (
        <div className="palette-row">
          <span className="palette-name">
            <Letters text={entry.name} at={at} />
          </span>
          <span className="palette-category" style={{ "--hue": entry.hue } as CSSProperties}>
            {entry.category}
          </span>
          <span className="palette-summary">{bare(entry.summary)}</span>
        </div>
      )}
      choose={({ entry }) => void perform(() => add(entry, request))}
      drag={({ entry }, press) => drag(entry, press, (at, wire) => void perform(() => add(entry, { at, from: wire === undefined ? from : into(wire) })))}
      does="add, or drag it onto the canvas"
      counted={["1 block", "blocks"]}
      none={found === null ? "Looking for blocks that fit" : `No block${from ? " that fits" : ""} has that in its name or text.`}
      aside={({ entry }) => <Preview entry={entry} />}
      className="palette"
      style={position(request)}
    />
  );
}

/** What fits the words, and the port of a dropped wire where there is one; null until that is known. */
function useFound(query: string, from: PaletteRequest["from"]): Found<Entry>[] | null {
  const blocks = useStudio((state) => state.blocks);
  const gallery = useStudio((state) => state.gallery);
  const open = useStudio((state) => state.document?.path ?? "");
  const [files, setFiles] = useState<string[]>([]);
  const [fits, setFits] = useState<string[] | null>(null);
  useEffect(() => {
    void ask("files", {}).then(
      (all) => setFiles(all.filter(({ graph }) => graph).map(({ path }) => path)),
      () => setFiles([]),
    );
  }, []);
  useEffect(() => {
    if (from === null) return;
    void perform(async () => setFits(await ask("fits", { from: [from.node, from.port], side: from.side })));
  }, [from]);
  const all = useMemo(() => entries(blocks, gallery, files, open), [blocks, gallery, files, open]);
  return useMemo(() => {
    if (from === null) return search(all, query, plainer);
    if (fits === null) return null;
    const order = new Map(fits.map((block, i) => [block, i]));
    const fitting = all.filter((entry) => order.has(entry.block) && offered(entry, from));
    fitting.sort((a, b) => order.get(a.block)! - order.get(b.block)!);
    return search(fitting, query, plainer);
  }, [all, from, fits, query]);
}

async function add(entry: Entry, request: PaletteRequest | null): Promise<void> {
  const { document, selected } = get();
  if (document === null) return;
  const point = request && scenePoint(...request.at);
  const last = selected.filter((id) => id in document.nodes).at(-1);
  const place = point ? placeAt(document.scene, point) : last !== undefined ? { after: last } : {};
  const port = last && Object.keys(document.nodes[last]!.outputs)[0];
  const selectedOutput = entry.block === "output" && port ? ({ node: last!, port, side: "source" } as const) : null;
  const from = request?.from ?? selectedOutput;
  if (entry.block === "output" && from === null) return say("info", "Select the node whose value the graph gives, or draw a wire from it");
  const made = addition(entry, document, from, place);
  const [name = made.name] = await editAt(point ?? middle(), `Add ${made.name}`, ...made.edits);
  closeOver();
  await drawn(); // and what the palette lay over has given the focus back
  await unfold(name); // a variable that is drawn on the port could not be named, nor given what it lacks
  editing({ naming: name });
  announce(`${entry.name} added as ${nameOf(name)}`);
}

function told(from: NonNullable<PaletteRequest["from"]>): string {
  const port = `${from.node}.${from.port}`;
  return from.side === "source" ? `Blocks that take ${port}` : `Blocks that give a value to ${port}`;
}

/** Where the pointer was, as far as there is room. */
function position(request: PaletteRequest | null): CSSProperties {
  if (request === null) return {};
  const [width, height] = [720, 460];
  return {
    margin: 0,
    left: Math.max(12, Math.min(request.at[0] - 20, innerWidth - width - 12)),
    top: Math.max(12, Math.min(request.at[1] - 24, innerHeight - height - 12)),
  };
}
