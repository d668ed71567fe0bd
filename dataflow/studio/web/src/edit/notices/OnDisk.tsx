/** Files were changed by another program: what changed, and whose text is to stay. */
import { useState } from "react";
import { perform } from "../../commands";
import { Dialog } from "../../shell/Dialog";
import { decided, set, useStudio, type State } from "../../store";
import { overwrite, reload } from "../files";
import "./notices.css";

export function OnDisk() {
  const disk = useStudio((state) => state.disk);
  return disk.map((each) => <Line key={each.path} {...each} />);
}

function Line({ path, state, diff }: State["disk"][number]) {
  const [open, setOpen] = useState(false);
  const does = (run: () => unknown) => () => {
    setOpen(false);
    void perform(run);
  };
  const show = diff !== "" && (
    <button className="button" onClick={() => setOpen(true)}>
      Show the difference
    </button>
  );
  return (
    <div className="banner-line" role="alert">
      <span className="grow">
        {state === "merged" && `${path} was changed on the disk; the changes are merged with yours, and can be undone.`}
        {state === "changed" && `${path} was changed on the disk, in places that you changed too.`}
        {state === "deleted" && `${path} was deleted from the disk.`}
      </span>
      {show}
      {state === "changed" && (
        <>
          <button className="button" onClick={does(() => reload(path))}>
            Take what is on the disk
          </button>
          <button className="button" onClick={does(() => overwrite(path))}>
            Save over it
          </button>
        </>
      )}
      {state === "deleted" && (
        <button className="button" onClick={does(() => overwrite(path))}>
          Save it again
        </button>
      )}
      <button className="button plain" onClick={does(() => set(decided(path)))}>
        {state === "merged" ? "Good" : "Later"}
      </button>
      {open && (
        <Dialog title={`${path}: on the disk, and here`} closed={() => setOpen(false)}>
          <Diff text={diff} />
        </Dialog>
      )}
    </div>
  );
}

function kindOf(line: string): string {
  if (/^(---|\+\+\+|@@)/.test(line)) return "dim";
  return line.startsWith("+") ? "added" : line.startsWith("-") ? "gone" : "";
}

/** A unified diff, by its lines. */
export function Diff({ text }: { text: string }) {
  return (
    <pre className="diff" tabIndex={0}>
      {text.split("\n").map((line, i) => (
        <span key={i} className={kindOf(line)}>
          {line}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
