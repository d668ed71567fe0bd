/** Files: saved, opened, made, and left without losing what was not saved. */
import { ask } from "../connection";
import { announce, decided, get, set } from "../store";
import { question } from "./state";

/**
 * Save all files that were edited, by edits too that are not answered yet, so that all seems saved.
 * Where another has changed one on the disk, ask whose text is to stay, and go on then.
 */
export async function save(): Promise<void> {
  const { document } = get();
  if (document !== null && !(document.saved && document.readonly)) await write([]);
}

/** Write over what another has made of a file. */
export const overwrite = (path: string): Promise<void> => write([path]);

async function write(over: string[]): Promise<void> {
  const [first] = await ask("save", { overwrite: over });
  over.forEach((path) => set(decided(path)));
  if (first === undefined) return announce(`${get().document?.name} is saved`);
  const { path, state } = first;
  const again = { title: state === "changed" ? "Save over it" : "Save it again", kind: "plain", run: () => overwrite(path) } as const;
  const theirs = { title: "Take what is on the disk", kind: "plain", run: () => reload(path).then(save) } as const;
  question({
    title: state === "changed" ? `${path} was changed on the disk` : `${path} was deleted from the disk`,
    message: `Another program has ${state} it since it was read here. Nothing is saved yet.`,
    choices: state === "changed" ? [again, theirs] : [again],
  });
}

/** Put what is on the disk in place of the text of a file. */
export async function reload(path: string): Promise<void> {
  await ask("reload", { path });
  set(decided(path));
}

/** Open a file; the one that was open is kept as it is, saved or not. */
export async function openFile(path: string): Promise<void> {
  await ask("open", { path });
}

/** A new graph file, which is opened: empty, or a copy of another. */
export async function createFile(path: string, like?: string): Promise<void> {
  await ask("create", { path, ...(like !== undefined && { like }) });
}

/** Let the browser ask before the page is left while something is not saved. */
export function guardLeaving(): () => void {
  const heard = (event: BeforeUnloadEvent) => {
    const { document } = get();
    if (document !== null && !document.saved) event.preventDefault();
  };
  window.addEventListener("beforeunload", heard);
  return () => window.removeEventListener("beforeunload", heard);
}

