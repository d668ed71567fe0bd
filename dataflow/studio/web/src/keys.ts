/** Keys: which command a key press means, and how keys are told to a person. */
import { everyCommand, perform, type Command } from "./commands";
import { get, say, set } from "./store";

const mac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

let keymap: Record<string, string[]> = {}; // by command, in place of its own keys

/** Take keys in place of those that commands come with; no keys turn a command's keys off. */
export function setKeymap(changed: Record<string, string[]>): void {
  keymap = changed;
}

export function keysOf(command: Command): string[] {
  return keymap[command.id] ?? command.keys;
}

/** A key press in the words of commands: "Mod+Shift+Z", "?", "Tab". Shift is told where it does not make another sign. */
export function pressed(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const { key } = event;
  const named = key.length > 1;
  const letter = !named && key.toLowerCase() !== key.toUpperCase();
  const parts: string[] = [];
  if (mac ? event.metaKey : event.ctrlKey) parts.push("Mod");
  if (mac ? event.ctrlKey : event.metaKey) parts.push(mac ? "Ctrl" : "Meta");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && (named || letter)) parts.push("Shift");
  parts.push(key === " " ? "Space" : letter ? key.toUpperCase() : key);
  return parts.join("+");
}

const SIGNS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Enter: "↵",
  Escape: "Esc",
  Delete: "Del",
};

/** Keys as they stand on a keyboard: "Ctrl ↵". */
export function shown(keys: string): string {
  const parts = keys === "+" ? ["+"] : keys.replace(/\+\+$/, "+Plus").split("+");
  return parts.map((part) => (part === "Mod" ? (mac ? "⌘" : "Ctrl") : part === "Plus" ? "+" : (SIGNS[part] ?? part))).join(" ");
}

/** Whether a person is writing there, so that letters are theirs. */
export function writes(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

const CHORD = /^(Mod|Alt)\+|^(Shift\+)?F\d/; // of which browsers have a use of their own: bookmarks, find, back
const EDITS_TEXT = /^Mod\+(Shift\+)?([ACVXYZ]|Arrow.*|Backspace|Delete|Home|End)$|^Alt/;

let byMouse = true; // whether the focus came where it is by the mouse, or by opening the page

/**
 * The commands that a key press means, given where it came from, also those that cannot be done now. Letters, and keys by
 * which text is edited, are those of the field that a person writes in.
 *
 * Tab goes on to the next thing as everywhere, so that no one is caught in the canvas; it is a command's only once after
 * the page was opened, or the canvas, a card or a port clicked.
 */
function meant(event: KeyboardEvent, name: string): Command[] {
  if (event.key === "Tab" && !(byMouse && event.target instanceof Element && event.target.matches(".ground, .ground .react-flow__node, .ground [data-port]"))) return [];
  const writing = writes(event.composedPath()[0] ?? null); // within shadow trees too
  if (writing && (!CHORD.test(name) || EDITS_TEXT.test(name))) return [];
  const outside = event.target instanceof Element && event.target !== document.body && !event.target.closest(".canvas");
  return everyCommand().filter(
    (command) => command.native !== true && keysOf(command).includes(name) && (!outside || command.within !== "canvas"),
  );
}

/** Say why a command cannot be done. */
function excuse({ title, group, otherwise }: Command): void {
  const { document } = get();
  const why = document === null ? "open a graph first" : (group === "Edit" && document.readonly) || otherwise;
  if (why) say("info", `${title}: ${why}`);
}

let ahead = ""; // typed before the field of what was opened was there

/** What was typed for a window while it was still being opened; it is told once. */
export function typedAhead(): string {
  const typed = ahead;
  ahead = "";
  return typed;
}

/** Let keys do their commands; Escape closes what lies over the page first. */
export function listen(): () => void {
  const heard = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (get().over !== null) {
      if (event.key === "Escape") {
        event.preventDefault();
        set({ over: null });
      } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && !writes(event.target)) {
        ahead += event.key;
      }
      return;
    }
    ahead = "";
    if (event.composedPath().some((each) => each instanceof HTMLDialogElement)) return; // a window of its own
    const name = pressed(event);
    const commands = meant(event, name);
    const command = commands.find(({ enabled }) => enabled?.() !== false);
    if (event.key === "Tab") by("keys");
    if (command === undefined && (commands.length === 0 || !CHORD.test(name))) return;
    event.preventDefault(); // also of what cannot be done: it is not meant for the browser
    if (command === undefined) excuse(commands[0]!);
    else void perform(command.id);
  };
  const by = (input: "keys" | "mouse") => {
    byMouse = input === "mouse";
    document.documentElement.dataset.input = input; // the canvas shows its focus to who uses the keys
  };
  const clicked = () => by("mouse");
  window.addEventListener("keydown", heard);
  window.addEventListener("pointerdown", clicked, true);
  return () => {
    window.removeEventListener("keydown", heard);
    window.removeEventListener("pointerdown", clicked, true);
  };
}
