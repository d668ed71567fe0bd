/** Saving by itself, which is off until a person asks for it; this browser remembers that. */
import { perform } from "../commands";
import { announce, get, useStudio } from "../store";
import { save } from "./files";

const KEY = "dataflow.autosave";
const REST = 1500; // milliseconds without an edit after which the text is saved

export const savesItself = (): boolean => localStorage.getItem(KEY) === "on";

export function toggleAutosave(): void {
  localStorage.setItem(KEY, savesItself() ? "off" : "on");
  announce(savesItself() ? "edits are saved by themselves" : "edits are saved by Save alone");
  later();
}

let timer = 0;

/** Save once nothing was edited for a while; not where the file was changed on the disk, which a person must decide. */
function later(): void {
  clearTimeout(timer);
  const open = () => {
    const { document, disk } = get();
    return savesItself() && document !== null && !document.saved && document.readonly === "" && disk.every((each) => each.state === "merged");
  };
  if (open()) timer = window.setTimeout(() => open() && void perform(save), REST);
}

/** Follow the edits. */
export function followEdits(): void {
  useStudio.subscribe((state, before) => {
    if (state.document?.version !== before.document?.version || state.disk !== before.disk) later();
  });
}
