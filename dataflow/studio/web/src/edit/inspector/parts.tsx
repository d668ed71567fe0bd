/** What the views of the inspector are made of. */
import type { ReactNode } from "react";
import { reveal } from "../../canvas/camera";
import { perform } from "../../commands";
import type { Problem } from "../../protocol";
import { set } from "../../store";
import { setText } from "../edits";
import { Combo } from "../fields/Combo";
import { Text } from "../fields/Text";
import { bare } from "../Prose";
import { editing } from "../state";

interface HeadGiven {
  name: string;
  rename: (name: string) => unknown;
  line: number;
  readonly: boolean;
  children?: ReactNode; // what it is
}

/** The name, to be changed, what it is, and its line in the file. */
export function Head({ name, rename, line, readonly, children }: HeadGiven) {
  return (
    <header className="insp-head">
      <div className="head-name">
        <Combo label="Name" value={name} disabled={readonly} mono={false} commit={(text) => rename(text.trim())} />
      </div>
      <p className="head-kind">
        {children}
        {line > 0 && <Line number={line} />}
      </p>
    </header>
  );
}

/** A line of the file; a press shows it in the text. */
export function Line({ number }: { number: number }) {
  const show = () => {
    set({ text: true });
    editing({ line: { number, column: 1, focus: true } });
  };
  return (
    <button className="link insp-line" onClick={show}>
      line {number}
    </button>
  );
}

export function Part({ title, children, count }: { title: string; children: ReactNode; count?: number }) {
  return (
    <section className="insp-part" aria-label={title}>
      <h3>
        {title} {count !== undefined && <span className="dim">{count}</span>}
      </h3>
      {children}
    </section>
  );
}

interface RowGiven {
  name: ReactNode;
  about?: string; // what a pointer on the name tells
  missing?: boolean; // whether it must be given, and is not
  problems?: Problem[]; // with it
  tools?: ReactNode; // beside the name, while the row is looked at
  doc?: ReactNode; // below
  docId?: string;
  children: ReactNode; // the field
}

/** A name with a field beside it. */
export function Row({ name, about = "", missing = false, problems = [], tools, doc, docId, children }: RowGiven) {
  return (
    <div className="attr">
      <span className={`attr-name ${missing ? "missing" : problems.length > 0 ? "wrong" : ""}`} title={bare(about)}>
        {name}
        {tools && <span className="attr-tools">{tools}</span>}
      </span>
      <div className="attr-field">
        {children}
        {problems.map(({ message, hint }) => (
          <p className="field-problem" role="alert" key={message}>
            {message}
            {hint !== "" && `; ${hint}`}
          </p>
        ))}
      </div>
      {doc && (
        <p className="attr-doc" id={docId}>
          {doc}
        </p>
      )}
    </div>
  );
}

interface NoteGiven {
  of: string;
  place: string; // of the text in the file
  value: string;
  placeholder: string;
  readonly: boolean;
}

/** A text of the file on a part of it. */
export function Note({ of, place, value, placeholder, readonly }: NoteGiven) {
  const commit = (text: string) => setText(`Set the note of ${of}`, place, text);
  return <Text label={`Note on ${of}`} value={value} placeholder={placeholder} disabled={readonly} commit={commit} />;
}

/** Cards by name; a press shows one. */
export function Cards({ names, none }: { names: string[]; none: string }) {
  if (names.length === 0) return <span className="dim">{none}</span>;
  return (
    <span className="insp-cards">
      {names.map((name) => (
        <button key={name} className="card-link" onClick={() => reveal(name)}>
          {name.replace("output:", "")}
        </button>
      ))}
    </span>
  );
}

/** The problems of what is shown. */
export function Troubles({ problems }: { problems: Problem[] }) {
  return problems.map(({ message, hint }) => (
    <div className="insp-trouble" role="alert" key={message}>
      <p>{message}</p>
      {hint !== "" && <p className="dim">{hint}</p>}
    </div>
  ));
}

/** A small button of the inspector. */
export function Tool({ title, sign, does }: { title: string; sign: string; does: () => unknown }) {
  return (
    <button className="tool" title={title} aria-label={title} onClick={() => void perform(does)}>
      {sign}
    </button>
  );
}
