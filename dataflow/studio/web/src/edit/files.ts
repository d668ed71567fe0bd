/** Files: saved, opened, made, and left without losing what was not saved. */
import { ask, Refused } from "../connection";
import { announce, get, set } from "../store";
import { question } from "./state";

/** Save; where the file was changed on the disk, ask whose text is to stay. */
export async function save(): Promise<void> {
  const { document, disk } = get();
  if (document === null || document.saved) return;
  try {
    await ask("save", {});
    set({ disk: null });
    announce(`${document.name} is saved`);
  } catch (error) {
    if (!(error instanceof Refused) || disk === null) throw error; // refused for another reason
    question({
      title: `${document.path} was changed on the disk`,
      message: "Another program has written it since it was read here. Whose text is to stay?",
      choices: [
        { title: "Save over it", kind: "plain", run: overwrite },
        { title: "Take what is on the disk", kind: "plain", run: reload },
      ],
    });
  }
}

export async function overwrite(): Promise<void> {
  await ask("save", { overwrite: true });
  set({ disk: null });
}

export async function reload(): Promise<void> {
  await ask("reload", {});
  set({ disk: null });
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

