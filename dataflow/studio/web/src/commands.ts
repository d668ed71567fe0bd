/** What a person can do: each command once, for the keys, the menus, the list of commands and the sheet of keys. */
import { say } from "./store";
import { Refused } from "./connection";

export interface Command {
  id: string; // "edit.undo": by it a keymap names the command
  title: string; // "Undo"
  group: string; // of the sheet: "Edit", "View", "Run", ...
  keys: string[]; // as given by default: "Mod+Z", "Shift+Tab", "?", where Mod is Ctrl, or Cmd on a Mac
  run: () => unknown; // may be a promise; what it rejects with is told
  enabled?: () => boolean;
  native?: boolean; // the browser itself hears its keys: those of the clipboard
  otherwise?: string; // said when its keys are pressed and it cannot be done: "select the nodes to duplicate"
  within?: "canvas"; // its keys work only where the canvas, or nothing, has the focus
  menu?: Place[]; // in the menus of these, as far as it is enabled; it acts on what is selected and focused
}

/** What a menu was opened on: a card is selected then, and a port focused. */
export type Place = "card" | "port" | "wire" | "canvas";

const commands = new Map<string, Command>();

/** Make commands known; a module does so when it is imported. */
export function register(...made: Command[]): void {
  for (const command of made) commands.set(command.id, command);
}

export function everyCommand(): Command[] {
  return [...commands.values()];
}

export function commandNamed(id: string): Command | undefined {
  return commands.get(id);
}

/** Do something, and tell why where the server refuses it. */
export async function perform(command: string | (() => unknown)): Promise<void> {
  const found = typeof command === "string" ? commands.get(command) : undefined;
  if (typeof command === "string" && (found === undefined || found.enabled?.() === false)) return;
  try {
    await (typeof command === "string" ? found!.run() : command());
  } catch (error) {
    if (error instanceof Refused) say("refused", error.refusal.message, error.refusal.hint);
    else say("refused", error instanceof Error ? error.message : String(error));
  }
}
