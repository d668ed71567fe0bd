/** A button that does a command: its title, keys and whether it can be done are the command's. */
import { Children, type ReactNode } from "react";
import { commandNamed, perform } from "../commands";
import { keysOf, shown } from "../keys";
import { useStudio } from "../store";

interface Given {
  command: string;
  children?: ReactNode; // in place of the title
  kind?: "main" | "plain";
  keys?: boolean; // whether its keys stand behind the title
  pressed?: boolean;
}

export function Button({ command: id, children, kind, keys = false, pressed }: Given) {
  const command = commandNamed(id);
  const enabled = useStudio(() => command?.enabled?.() ?? true);
  if (command === undefined) return null;
  const first = keysOf(command)[0];
  const worded = children === undefined || Children.toArray(children).some((each) => typeof each === "string" && each.trim() !== "");
  return (
    <button
      className={kind === undefined ? "button" : `button ${kind}`}
      data-command={id}
      disabled={!enabled}
      aria-pressed={pressed}
      aria-label={worded ? undefined : command.title}
      aria-keyshortcuts={first?.replace("Mod", "Control")}
      title={first === undefined ? command.title : `${command.title} (${shown(first)})`}
      onClick={() => void perform(id)}
    >
      {children ?? command.title}
      {keys && first !== undefined && <kbd aria-hidden="true">{shown(first)}</kbd>}
    </button>
  );
}
