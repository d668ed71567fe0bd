/** What the gallery has, in groups: the project's own graphs, then the shipped ones by folder. */
import type { GalleryEntry } from "../protocol";

export interface Group {
  title: string;
  entries: GalleryEntry[];
}

const FIRST = ["digits", "gradient_descent", "quant", "xor"]; // folders to begin with
const TITLES: Record<string, string> = {
  quant: "quantization",
  layers: "layers, to use as blocks",
};

/** Groups of what has all the words of a search in its name, folder or description. */
export function grouped(shipped: GalleryEntry[], own: string[], search: string): Group[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (entry: GalleryEntry) => {
    const text = `${entry.path} ${entry.name} ${entry.doc} ${entry.trains ? "trains" : ""} ${entry.quantized ? "quantized" : ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const known = new Set(shipped.map((entry) => entry.path));
  const project = own.filter((path) => !known.has(path)).map(bare).filter(has);
  const made: Group[] = project.length > 0 ? [{ title: "This project", entries: project }] : [];
  const folders = new Map<string, GalleryEntry[]>();
  for (const entry of shipped.filter(has)) folders.set(entry.group, [...(folders.get(entry.group) ?? []), entry]);
  const order = (folder: string) => (FIRST.includes(folder) ? FIRST.indexOf(folder) : FIRST.length);
  const sorted = [...folders].sort(([a], [b]) => order(a) - order(b) || a.localeCompare(b));
  for (const [folder, entries] of sorted) made.push({ title: title(folder), entries });
  return made;
}

function title(folder: string): string {
  const words = (TITLES[folder] ?? folder).replaceAll("_", " ").replaceAll("/", ", ");
  return words === "" ? "Others" : words[0]!.toUpperCase() + words.slice(1);
}

const bare = (path: string): GalleryEntry => ({
  path,
  name: path.replace(/^.*\//, "").replace(/\.ya?ml$/, ""),
  doc: "",
  nodes: 0,
  trains: false,
  quantized: false,
  group: "",
});
