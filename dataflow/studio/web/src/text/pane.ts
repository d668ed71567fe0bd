/** The editor of the text: CodeMirror in a shadow tree, where its styles are sheets made by script, as the policy wants. */
import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, redo, undo } from "@codemirror/commands";
import { bracketMatching, indentService, type IndentContext } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { closeSearchPanel, highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Annotation, ChangeSet, EditorState, Transaction } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, type ViewUpdate } from "@codemirror/view";
import { inTurn, version } from "../changes";
import { told } from "../edit/fields/draft";
import { perform } from "../commands";
import { ask } from "../connection";
import type { Edit } from "../protocol";
import { reveal } from "../canvas/camera";
import { get, say, set, useStudio } from "../store";
import { complete } from "./completion";
import { colours } from "./colours";
import { diagnostics } from "./diagnostics";
import { linesOf, nodeAt } from "./lines";
import { marked, markLines } from "./marked";
import { Sync, unbroken } from "./sync";
import { theme } from "./theme";

const PAUSE = 450; // ms after the last key, then what was typed is an edit
const remote = Annotation.define<boolean>(); // changes that come from the server

/** A line below a key without a value is indented further; else as the one above. */
function deeper({ state }: IndentContext, at: number): number | undefined {
  const { text } = state.doc.lineAt(at);
  const indent = text.length - text.trimStart().length;
  return /^[^#]*:\s*$/.test(text.slice(0, at - state.doc.lineAt(at).from)) ? indent + 2 : undefined;
}

export class Pane {
  private readonly view: EditorView;
  private readonly sync: Sync;
  private readonly ending: string;
  private readonly stop: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private leaving = false; // whether Escape was the last key
  private leading = false; // whether the selection on the canvas comes from the cursor

  constructor(
    host: HTMLElement,
    private readonly tell: (problem: string) => void,
  ) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    root.replaceChildren();
    const { text, ending } = unbroken(get().document?.text ?? "");
    this.ending = ending;
    this.sync = new Sync(text);
    const readonly = get().document?.readonly !== "";
    this.view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          bracketMatching(),
          closeBrackets(),
          highlightSelectionMatches(),
          search({ top: true }),
          colours,
          indentService.of(deeper),
          theme,
          marked,
          autocompletion({ override: [complete], icons: false }),
          EditorState.readOnly.of(readonly),
          EditorState.tabSize.of(2),
          EditorState.languageData.of(() => [{ commentTokens: { line: "#" } }]),
          EditorView.contentAttributes.of({ "aria-label": "Text of the graph file", tabindex: "0", spellcheck: "false" }),
          keymap.of([
            { key: "Mod-z", run: () => this.undo("edit.undo", undo), preventDefault: true },
            { key: "Mod-Shift-z", run: () => this.undo("edit.redo", redo), preventDefault: true },
            { key: "Mod-y", run: () => this.undo("edit.redo", redo), preventDefault: true },
            { key: "Mod-s", run: () => this.save(), preventDefault: true },
            { key: "Escape", run: () => this.leave() },
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"),
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => this.heard(update)),
        ],
      }),
    });
    this.mark();
    this.stop = useStudio.subscribe((state, before) => {
      if (state.document?.text !== before.document?.text) this.apply(this.sync.heard(unbroken(state.document?.text ?? "").text));
      if (state.document?.problems !== before.document?.problems) this.tellProblems();
      if (state.selected !== before.selected || state.document !== before.document) this.mark();
      if (state.selected !== before.selected && !this.leading) this.follow();
    });
    this.tellProblems();
    this.follow();
  }

  close(): void {
    clearTimeout(this.timer);
    void this.send();
    this.stop();
    this.view.destroy();
  }

  /** Put the cursor on a line. */
  show({ number, column, focus }: { number: number; column: number; focus: boolean }): void {
    const { doc } = this.view.state;
    const line = doc.line(Math.min(Math.max(1, number), doc.lines));
    const anchor = Math.min(line.from + Math.max(0, column - 1), line.to);
    this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    if (focus) this.view.focus();
  }

  private heard(update: ViewUpdate): void {
    if (update.docChanged || update.selectionSet || update.focusChanged) this.leaving = false;
    for (const transaction of update.transactions) {
      if (!transaction.docChanged || transaction.annotation(remote)) continue;
      this.sync.typed(transaction.changes);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.send(), PAUSE);
    }
    const moved = update.selectionSet && update.view.hasFocus && !update.docChanged;
    if (moved && !update.transactions.some((each) => each.annotation(remote))) this.lead();
  }

  /** Send what was typed; what the server refuses stays here, with the reason below. */
  private async send(): Promise<void> {
    try {
      const sent = await inTurn(async () => {
        const text = this.sync.send();
        if (text === null) return false;
        const typed: Edit = { op: "text", text: text.replaceAll("\n", this.ending) };
        await ask("edit", { version: version(), edits: [typed], title: "type in the text" });
        return true;
      });
      if (!sent) {
        if (!this.sync.changed) this.tell("");
        return;
      }
      this.apply(this.sync.taken());
      this.tell("");
      if (this.view.hasFocus) this.lead();
    } catch (error) {
      this.apply(this.sync.refused());
      this.tell(told(error));
      if (this.view.hasFocus) setTimeout(() => this.look()); // the reason takes room
      return;
    }
    if (this.sync.changed) void this.send();
  }

  /** Bring the cursor into view. */
  private look(): void {
    this.view.dispatch({ effects: EditorView.scrollIntoView(this.view.state.selection.main.head, { yMargin: 20 }) });
  }

  private apply(changes: ChangeSet | null): void {
    if (changes === null) return;
    this.view.dispatch({ changes, annotations: [remote.of(true), Transaction.addToHistory.of(false)] });
    this.tellProblems();
    this.mark();
  }

  /** What is typed and not yet taken is undone here; all else by the server, as everywhere. */
  private undo(command: string, local: typeof undo): boolean {
    if (this.sync.changed) return local(this.view);
    void perform(command);
    return true;
  }

  private save(): boolean {
    clearTimeout(this.timer);
    void this.send().then(() => perform("file.save"));
    return true;
  }

  /** Escape closes lists; once more, it leaves the text for the canvas, where letters are commands: Tab indents here. */
  private leave(): boolean {
    if (closeCompletion(this.view) || closeSearchPanel(this.view) || !this.leaving) {
      this.leaving = true;
      say("info", "Escape once more leaves the text for the canvas");
    } else document.querySelector<HTMLElement>(".ground")?.focus();
    return true;
  }

  private tellProblems(): void {
    const found = get().document?.problems ?? [];
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics(this.view.state.doc, found, get().document?.path ?? "")));
  }

  /** The card of the node in which the cursor is. */
  private lead(): void {
    const known = get().document;
    if (known === null || this.sync.changed) return;
    const { doc, selection } = this.view.state;
    const card = nodeAt(known, doc, doc.lineAt(selection.main.head).number);
    if (card === null || (get().selected.length === 1 && get().selected[0] === card)) return;
    this.leading = true;
    set({ focused: null });
    reveal(card, false);
    this.leading = false;
  }

  /** Bring the lines of the selected node into view; the cursor stays where it is. */
  private follow(): void {
    const [first] = get().selected;
    const known = get().document;
    if (first === undefined || known === null || this.view.hasFocus) return;
    const lines = linesOf(known, this.view.state.doc, first);
    if (lines === null) return;
    const from = this.view.state.doc.line(lines[0]).from;
    this.view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "start", yMargin: 60 }) });
  }

  private mark(): void {
    const known = get().document;
    const { doc } = this.view.state;
    const found = known === null ? [] : get().selected.flatMap((card) => [linesOf(known, doc, card) ?? []]);
    this.view.dispatch({ effects: markLines.of(found.filter((each): each is [number, number] => each.length === 2)) });
  }
}
