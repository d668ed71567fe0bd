/** What is said of what was removed: what it was, and how it comes back. */
import { commandNamed } from "../commands";
import { keysOf, shown } from "../keys";
import { say } from "../store";

export function removed(what: string): void {
  const [undo] = keysOf(commandNamed("edit.undo")!);
  say("info", `Removed ${what}`, undo === undefined ? "Undo brings it back" : `${shown(undo)} brings it back`);
}
