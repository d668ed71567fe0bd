/** Copy, cut and paste: nodes as the YAML that a graph file has for them, through the clipboard of the system. */
import { focusCard, focusGround } from "../canvas/focus";
import { perform } from "../commands";
import { ask } from "../connection";
import { writes } from "../keys";
import { announce, get, set, useStudio } from "../store";
import { chosenNodes, deletion, drawn, edit, editable } from "./edits";

/** The text of a selection, asked for when it was made: the event of the clipboard does not wait for the server. */
interface Ready {
  of: string;
  text: Promise<string>;
  now: string | null; // the text once it is here
}

const CALM = 150; // ms without a change after which the text of a selection is asked for

const MANY = 200; // nodes; the text of more is asked for when it is copied

let ready: Ready | null = null;
let coming: Promise<string> | null = null; // a text that is not on the clipboard yet, for a paste right behind

const key = (names: string[]) => JSON.stringify([get().document?.path, get().document?.version, names]);

/** The text of the chosen nodes. */
function prepared(names: string[]): Ready {
  const of = key(names);
  if (ready?.of === of) return ready;
  const made: Ready = { of, text: ask("copy", { names }), now: null };
  made.text.then(
    (text) => (made.now = text),
    () => ready === made && (ready = null),
  );
  ready = made;
  return made;
}

/** Put the chosen nodes on the clipboard. */
export async function copy(names: string[], data: DataTransfer | null): Promise<void> {
  const made = prepared(names);
  if (data !== null && made.now !== null) data.setData("text/plain", made.now);
  else {
    coming = made.text;
    try {
      await navigator.clipboard.writeText(await made.text);
    } finally {
      coming = null;
    }
  }
  announce(told(names, "copied"));
}

export async function cut(names: string[], data: DataTransfer | null): Promise<void> {
  await copy(names, data);
  await edit(told(names, "cut"), ...deletion(names, false));
}

/** Add the nodes of a text behind those that are selected; they are selected then. */
export async function paste(text: string): Promise<void> {
  if (text.trim() === "") throw new Error("the clipboard holds no text: copy nodes, or the YAML of some");
  const names = await edit("Paste", { op: "paste", text, after: chosenNodes().at(-1) ?? "" });
  await select(names);
  announce(told(names, "pasted"));
}

export async function duplicate(names: string[]): Promise<void> {
  const text = await ask("copy", { names });
  const made = await edit(told(names, "duplicated"), { op: "paste", text, after: names.at(-1) ?? "" });
  await select(made);
}

/** Select cards that were added; one has the focus. */
async function select(names: string[]): Promise<void> {
  await drawn();
  if (names.length === 1) return focusCard(names[0]!);
  focusGround();
  set({ selected: names });
}

function told(names: string[], what: string): string {
  return names.length === 1 ? `${names[0]} ${what}` : `${names.length} nodes ${what}`;
}

/** Whether an event of the clipboard is about the picture, and not about text that is selected or typed. */
function ours(event: ClipboardEvent): boolean {
  const target = event.composedPath()[0] ?? null;
  const text = getSelection()?.toString() ?? "";
  return get().over === null && !writes(target) && (event.type === "paste" || text === "");
}

/** Take part in copy, cut and paste of the page. */
export function listenToClipboard(): () => void {
  const heard = (event: ClipboardEvent) => {
    if (event.defaultPrevented || !ours(event)) return;
    const names = chosenNodes();
    const data = event.clipboardData;
    if (event.type === "paste" && editable()) {
      event.preventDefault();
      const text = data?.getData("text/plain") ?? ""; // to be read before anything is waited for
      void perform(async () => paste((await coming) ?? text));
    } else if (event.type !== "paste" && names.length > 0) {
      event.preventDefault();
      void perform(() => (event.type === "cut" && editable() ? cut(names, data) : copy(names, data)));
    }
  };
  const events = ["copy", "cut", "paste"] as const;
  for (const event of events) document.addEventListener(event, heard);
  let timer: ReturnType<typeof setTimeout>;
  const follow = useStudio.subscribe((state, before) => {
    if (state.selected === before.selected && state.document?.version === before.document?.version) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const names = chosenNodes();
      if (names.length > 0 && names.length <= MANY) prepared(names).text.catch(() => {}); // told when it is copied
    }, CALM);
  });
  return () => {
    for (const event of events) document.removeEventListener(event, heard);
    follow();
    clearTimeout(timer);
  };
}
