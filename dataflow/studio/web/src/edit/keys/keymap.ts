/** The user's own keys, which this browser keeps. */
import { create } from "zustand";
import { everyCommand, type Command } from "../../commands";
import { setKeymap } from "../../keys";

const KEPT = "dataflow.keymap";

export type Keymap = Record<string, string[]>; // by id of a command, where the user changed it

export const useKeymap = create<{ keymap: Keymap }>(() => ({ keymap: {} }));

useKeymap.subscribe(({ keymap }) => setKeymap(keymap));

/** Take the keys that this browser has kept; what does not read as keys is left out. */
export function recall(): void {
  let read: unknown;
  try {
    read = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  } catch {
    return; // what is kept may be anyone's
  }
  const entries = Object.entries(read ?? {}).filter((entry): entry is [string, string[]] => isKeys(entry[1]));
  useKeymap.setState({ keymap: Object.fromEntries(entries) });
}

function isKeys(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** Give a command other keys, or with null its own again. */
export function giveKeys(command: Command, keys: string[] | null): void {
  const { [command.id]: _, ...others } = useKeymap.getState().keymap;
  const keymap = keys === null || keys.join(" ") === command.keys.join(" ") ? others : { ...others, [command.id]: keys };
  localStorage.setItem(KEPT, JSON.stringify(keymap));
  useKeymap.setState({ keymap });
}

/** Give a key to a command and take it from those that have it. */
export function takeKey(command: Command, key: string, keymap: Keymap): void {
  for (const other of sharing(command, key, keymap)) {
    giveKeys(other, (keymap[other.id] ?? other.keys).filter((each) => each !== key));
  }
  giveKeys(command, [key]);
}

/** The other commands that have a key; where one of the two is for the canvas alone, the nearer one is done. */
export function sharing(command: Command, key: string, keymap: Keymap, commands = everyCommand()): Command[] {
  return commands.filter(
    (other) =>
      other.id !== command.id && other.within === command.within && (keymap[other.id] ?? other.keys).includes(key),
  );
}
