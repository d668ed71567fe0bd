/** Commands of editing. */
import { register, type Command } from "../commands";
import { reveal } from "../canvas/camera";
import { typing } from "../canvas/chosen";
import { unfold } from "../canvas/jumps";
import { get, openLiteral, set, type Over } from "../store";
import { toggleAutosave } from "./autosave";
import { copy, cut, duplicate, paste } from "./clipboard";
import { chosenNodes, edit, editable } from "./edits";
import { save } from "./files";
import { editing } from "./state";

const lead = () => [...document.querySelectorAll<HTMLElement>(".lead")].at(-1); // of the latest notice that has one
const nodes = () => editable() && chosenNodes().length > 0;
const one = () => editable() && get().selected.length === 1;
const open = () => get().document !== null;
const over = (id: Over) => () => set({ over: id });

/** The input that has the focus of the keyboard; of a card alone the first that has no wire, else its first. */
function input(): [node: string, port: string] | null {
  const { focused, document, selected } = get();
  const id = focused?.card ?? (selected.length === 1 ? selected[0]! : "");
  if (document === null || !(id in document.nodes)) return null;
  const lefts = document.scene.cards.find((card) => card.id === id)?.lefts ?? [];
  const port = focused !== null && focused.side !== "right" ? focused.port : (lefts.find(({ wire }) => wire === "") ?? lefts[0])?.name;
  return port === undefined ? null : [id, port];
}

/** A field at the input for its value or wire. */
function typeValue(): void {
  const [node, port] = input()!;
  const place = document.querySelector(`[data-port="${CSS.escape(`left ${node} ${port}`)}"]`)?.getBoundingClientRect();
  openLiteral({ node, port, at: [place?.left ?? innerWidth / 3, (place?.bottom ?? innerHeight / 3) + 4] });
}

/** The problem behind, or before, the one of the selected card. */
function problem(step: 1 | -1): void {
  const { document, selected } = get();
  const found = document?.problems ?? [];
  if (found.length === 0) return;
  const now = found.findIndex(({ node }) => node !== "" && node === selected[0]);
  const next = found[(now + step + found.length) % found.length]!;
  show(next.node, next.line, next.column);
}

/** Show a node in the middle, with the focus there, or in the text where it is already; without a node, the line. */
export function show(node: string, line: number, column = 1): void {
  const inText = document.activeElement?.closest(".pane") != null;
  const shown = node !== "" && reveal(node);
  if (shown && !inText) void unfold(node);
  if (!shown && line > 0) set({ text: true });
  if (line > 0) editing({ line: { number: line, column, focus: inText || !shown } });
}

const file: Command[] = [
  { id: "file.save", title: "Save", group: "File", keys: ["Mod+S"], enabled: open, run: save },
  { id: "file.autosave", title: "Save edits by themselves, or not", group: "File", keys: [], run: toggleAutosave },
  { id: "file.quick", title: "Go to a file", group: "File", keys: ["Mod+P"], run: over("files") },
  { id: "file.new", title: "New graph", group: "File", keys: [], run: over("new") },
];

const edits: Command[] = [
  { id: "edit.cut", title: "Cut", group: "Edit", keys: ["Mod+X"], native: true, menu: ["card"], enabled: nodes, run: () => cut(chosenNodes(), null) },
  { id: "edit.copy", title: "Copy as YAML", group: "Edit", keys: ["Mod+C"], native: true, menu: ["card"], enabled: () => chosenNodes().length > 0, run: () => copy(chosenNodes(), null) },
  { id: "edit.paste", title: "Paste", group: "Edit", keys: ["Mod+V"], native: true, menu: ["canvas"], enabled: editable, run: async () => paste(await navigator.clipboard.readText()) },
  { id: "edit.duplicate", title: "Duplicate", group: "Edit", keys: ["Mod+D"], menu: ["card"], enabled: nodes, otherwise: "select the nodes to duplicate", run: () => duplicate(chosenNodes()) },
  { id: "edit.rename", title: "Rename", group: "Edit", keys: ["F2"], menu: ["card"], enabled: one, otherwise: "select the card to rename", run: () => editing({ naming: get().selected[0]! }) },
  {
    id: "edit.value",
    title: "Type a value or wire",
    group: "Edit",
    keys: ["E"],
    within: "canvas",
    menu: ["card", "port"],
    enabled: () => editable() && input() !== null,
    run: typeValue,
  },
  { id: "edit.value.focused", title: "Type a value or wire on the port", group: "Edit", keys: ["Enter"], within: "canvas", enabled: typing, run: typeValue },
  {
    id: "edit.extract",
    title: "Make a graph file of the selection",
    group: "Edit",
    keys: ["Mod+G"],
    menu: ["card"],
    enabled: nodes,
    otherwise: "select the nodes to make a file of",
    run: () => set({ over: "extract" }),
  },
  {
    id: "edit.unpack",
    title: "Unpack the graph file",
    group: "Edit",
    keys: ["Mod+Shift+G"],
    menu: ["card"],
    enabled: () => nodes() && chosenNodes().every((name) => get().document!.nodes[name]!.file !== ""),
    otherwise: "select nodes that are graph files",
    run: () => edit(`Unpack ${chosenNodes().join(", ")}`, ...chosenNodes().map((name) => ({ op: "unpack", name }) as const)),
  },
];

const views: Command[] = [
  { id: "view.find", title: "Find in the project", group: "View", keys: ["Mod+F"], run: over("find") },
  { id: "view.commands", title: "List of commands", group: "View", keys: ["Mod+K", "Mod+Shift+P"], run: over("commands") },
  { id: "view.keys", title: "Keys", group: "View", keys: ["?"], run: over("keys") },
  { id: "notice.follow", title: "Go to what the notice tells of", group: "View", keys: ["O"], enabled: () => lead() !== undefined, otherwise: "there is no notice that leads anywhere", run: () => lead()!.click() },
  { id: "problem.next", title: "Next problem", group: "View", keys: ["F8"], enabled: open, run: () => problem(1) },
  { id: "problem.previous", title: "Previous problem", group: "View", keys: ["Shift+F8"], enabled: open, run: () => problem(-1) },
];

register(...file, ...edits, ...views);
