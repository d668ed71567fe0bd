/** Graphs to open, with what each shows and a small picture of it; and a new one. */
import { useState, type FormEvent, type KeyboardEvent } from "react";
import { useAsked } from "../asked";
import { perform } from "../commands";
import { ask } from "../connection";
import { useFreeFile } from "../edit/free";
import type { GalleryEntry } from "../protocol";
import { set, useStudio } from "../store";
import { grouped } from "./entries";
import { Preview, usePreview } from "./Preview";
import "./start.css";

const open = (path: string) =>
  void perform(async () => {
    await ask("open", { path });
    leave();
  });

/** Close the gallery; by now something else, such as the tour, may lie over the page. */
const leave = () => set(({ over }) => (over === "gallery" ? { over: null } : {}));

export function Gallery() {
  const shipped = useStudio((state) => state.gallery);
  const [search, setSearch] = useState("");
  const { answer: files } = useAsked("files", {});
  const own = (files ?? []).filter((file) => file.graph).map((file) => file.path);
  const groups = grouped(shipped, own, search);
  return (
    <div className="gallery" onKeyDown={walk}>
      <div className="gallery-top">
        <input
          className="field"
          type="search"
          autoFocus
          aria-label="Search for a graph"
          placeholder="Search: digits, gradient, quantized …"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <New />
      </div>
      {groups.length === 0 && <p className="quiet">No graph has these words.</p>}
      {groups.map(({ title, entries }) => (
        <section key={title}>
          <h3>{title}</h3>
          <div className="gallery-cards">
            {entries.map((entry) => (
              <Entry key={entry.path} entry={entry} />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function Entry({ entry }: { entry: GalleryEntry }) {
  const { path, name, quantized } = entry;
  const [frame, drawn] = usePreview(path);
  const doc = entry.doc || drawn?.doc || path;
  const nodes = entry.nodes || drawn?.nodes || 0;
  return (
    <button type="button" className="gallery-card" onClick={() => open(path)} title={doc}>
      <Preview frame={frame} drawn={drawn} />
      <span className="gallery-name">{name.replaceAll("_", " ")}</span>
      <span className="gallery-doc">{doc}</span>
      <span className="gallery-tags">
        {nodes > 0 && <span>{nodes === 1 ? "1 node" : `${nodes} nodes`}</span>}
        {(entry.trains || drawn?.trains) && <span className="tag">trains</span>}
        {quantized && <span className="tag">quantized</span>}
      </span>
    </button>
  );
}

function New() {
  const [typed, setName] = useState("");
  const offered = useFreeFile("graph");
  const name = typed.trim() || offered;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const path = /\.ya?ml$/.test(name) ? name : `${name}.yaml`;
    void perform(async () => {
      await ask("create", { path }); // which opens it too
      leave();
    });
  };
  return (
    <form className="gallery-new" onSubmit={submit}>
      <input className="field" aria-label="Name of a new graph" placeholder={offered} value={typed} onChange={(event) => setName(event.currentTarget.value)} />
      <button type="submit" className="button">
        New graph
      </button>
    </form>
  );
}

/** Arrow keys go from card to card as they lie on the page. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const cards = [...event.currentTarget.querySelectorAll<HTMLElement>(".gallery-card")];
  const here = cards.indexOf(document.activeElement as HTMLElement);
  if (here < 0) {
    if (event.key === "ArrowDown" && document.activeElement?.matches("[type=search]")) cards[0]?.focus();
    else return;
    event.preventDefault();
    return;
  }
  const from = cards[here]!.getBoundingClientRect();
  const ways: Record<string, () => HTMLElement | undefined> = {
    ArrowRight: () => cards[here + 1],
    ArrowLeft: () => cards[here - 1],
    ArrowDown: () => nearest(cards.filter((card) => card.getBoundingClientRect().top > from.bottom), from, 1),
    ArrowUp: () => nearest(cards.filter((card) => card.getBoundingClientRect().bottom < from.top), from, -1),
  };
  const next = ways[event.key]?.();
  if (next === undefined) return;
  next.focus();
  event.preventDefault();
}

/** Of the cards in the nearest line the one that lies most nearly above or below. */
function nearest(cards: HTMLElement[], from: DOMRect, way: 1 | -1): HTMLElement | undefined {
  const distance = (card: HTMLElement) => {
    const box = card.getBoundingClientRect();
    return way * (box.top - from.top) * 10 + Math.abs(box.left - from.left);
  };
  return cards.reduce<HTMLElement | undefined>((best, card) => (best === undefined || distance(card) < distance(best) ? card : best), undefined);
}
