/** Changes of the document by this page: one after another, each made for what came of the one before. */
import { ask } from "./connection";
import type { Edit } from "./protocol";
import { get } from "./store";

let turn: Promise<unknown> = Promise.resolve();

/** Do something once the changes before it are answered: a person may be faster than the server, which refuses edits made for another version. */
export function inTurn<T>(does: () => Promise<T>): Promise<T> {
  const done = turn.then(does);
  turn = done.catch(() => undefined);
  return done;
}

/** The version that a change is made for. */
export function version(): number {
  return get().document?.version ?? 0;
}

/** Make edits as one step of undo, with a title that says what it does; gives the names of the nodes that were added. */
export function edit(title: string, ...edits: Edit[]): Promise<string[]> {
  return inTurn(async () => (await ask("edit", { version: version(), edits, title })).names);
}

/** The same for cards that shall be at a place of the scene until they are wired. */
export function editAt(at: [x: number, y: number], title: string, ...edits: Edit[]): Promise<string[]> {
  return inTurn(async () => (await ask("edit", { version: version(), edits, title, at })).names);
}

/** Take back the last step, or make it again, as long as there is one. */
export function again(way: "undo" | "redo"): Promise<void> {
  return inTurn(async () => {
    if ((get().document?.[way] ?? "") !== "") await ask(way, { version: version() });
  });
}
