/**
 * The text in the pane beside the text of the server.
 *
 * What is typed is kept as changes to the server's text until it was sent and came back. Where the server's text
 * changes meanwhile, by an edit on the canvas or on the disk, both sets of changes are carried over each other, so that
 * neither is lost and the cursor stays.
 */
import { ChangeSet, Text } from "@codemirror/state";
import { replacements } from "./diff";

export class Sync {
  private base: Text;
  private local: ChangeSet;
  private sent: { text: string; since: ChangeSet } | null = null;
  private waiting: string | null = null; // the server's text, heard while an answer is to come

  /** `text` has line breaks of one character. */
  constructor(text: string) {
    this.base = lined(text);
    this.local = ChangeSet.empty(this.base.length);
  }

  /** Whether something was typed that the server does not have. */
  get changed(): boolean {
    return !this.local.empty;
  }

  typed(changes: ChangeSet): void {
    this.local = this.local.compose(changes);
    if (this.sent) this.sent.since = this.sent.since.compose(changes);
  }

  /** What is to be sent now; null where there is nothing, or an answer is still to come. */
  send(): string | null {
    if (this.sent !== null || !this.changed) return null;
    const now = this.local.apply(this.base);
    this.sent = { text: now.toString(), since: ChangeSet.empty(now.length) };
    return this.sent.text;
  }

  /** The server took what was sent: the changes that the pane must make for what it said meanwhile. */
  taken(): ChangeSet | null {
    if (this.sent === null) return null;
    this.base = lined(this.sent.text);
    this.local = this.sent.since;
    return this.answered();
  }

  /** The server refused what was sent: it stays in the pane, as changes of its own. */
  refused(): ChangeSet | null {
    return this.answered();
  }

  /** The server's text: the changes that the pane must make to show it, with what was typed kept; null for none. */
  heard(text: string): ChangeSet | null {
    if (this.sent !== null) {
      this.waiting = text; // whether it has what was sent is known with the answer
      return null;
    }
    const old = this.base.toString();
    if (text === old) return null;
    const remote = ChangeSet.of(replacements(old, text), this.base.length);
    const shown = remote.map(this.local);
    this.local = this.local.map(remote, true);
    this.base = lined(text);
    return shown.empty ? null : shown;
  }

  private answered(): ChangeSet | null {
    const text = this.waiting;
    this.sent = this.waiting = null;
    return text === null ? null : this.heard(text);
  }
}

function lined(text: string): Text {
  return Text.of(text.split("\n"));
}

/** The same text with line breaks of one character, and the break that it had. */
export function unbroken(text: string): { text: string; ending: "\r\n" | "\n" } {
  return text.includes("\r\n") ? { text: text.replaceAll("\r\n", "\n"), ending: "\r\n" } : { text, ending: "\n" };
}
