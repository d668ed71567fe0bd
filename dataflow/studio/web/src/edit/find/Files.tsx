/** Go to a graph file: those of the project, then those that come with the package. */
import { useEffect, useState } from "react";
import { perform } from "../../commands";
import { ask } from "../../connection";
import { set, useStudio } from "../../store";
import { openFile } from "../files";
import { Letters } from "../picker/Letters";
import { closeOver, Picker } from "../picker/Picker";
import { search, type Found } from "../palette/search";
import { stem } from "../palette/entries";

interface Entry {
  name: string;
  aliases: string[];
  words: string[];
  category: string;
  summary: string;
  path: string; // "" to make a new file
}

export default function Files() {
  const gallery = useStudio((state) => state.gallery);
  const open = useStudio((state) => state.document?.path ?? "");
  const [query, setQuery] = useState("");
  const [files, setFiles] = useState<string[]>([]);
  useEffect(() => {
    void perform(async () => {
      const found = await ask("files", {});
      setFiles(found.filter(({ graph }) => graph).map(({ path }) => path));
    });
  }, []);
  const entry = (path: string, summary: string, category: string): Entry => ({
    name: stem(path), aliases: [path], words: [path], category, summary, path,
  });
  const docs = new Map(gallery.map(({ path, doc }) => [path, doc]));
  const entries = [
    ...files.map((path) => entry(path, docs.get(path) ?? "", "project")),
    ...gallery.filter(({ path }) => !files.includes(path)).map(({ path, doc }) => entry(path, doc, "examples")),
  ].filter(({ path }) => path !== open);
  const create: Entry = { ...entry("", "An empty graph of your own", "project"), name: "New graph" };
  return (
    <Picker<Found<Entry>>
      label="Go to a file"
      placeholder="Search graph files by name"
      query={query}
      change={setQuery}
      items={[...search(entries, query), { entry: create, at: [] }]}
      keyOf={({ entry: { path } }) => path}
      row={({ entry: each, at }) => (
        <div className="line-row">
          <strong>
            <Letters text={each.name} at={at} />
          </strong>
          <span className="grow dim">{each.summary}</span>
          <span className="dim">{each.path.replace("dataflow:", "")}</span>
        </div>
      )}
      choose={({ entry: { path } }) => {
        if (path === "") return set({ over: "new" });
        closeOver();
        void perform(() => openFile(path));
      }}
      does="open"
      counted={["1 file", "files"]}
      none="No graph file has that name."
    />
  );
}
