/** One more key of a mapping, or item of a list, of those that the server says are missing there. */
import { useRef, useState } from "react";
import { useAsked } from "../../asked";
import type { Offer, Plain } from "../../protocol";
import { Combo, type Suggestion } from "../fields/Combo";
import { parsed, spelled } from "../plain";
import { Prose } from "../Prose";
import { Row } from "./parts";

export type Path = (string | number)[]; // to a value of the file

interface Given {
  path: Path; // of the mapping, or of the item
  put: (value: Plain) => Promise<unknown>; // a mapping of the one new key, or the item
}

/** Options as fields show values: without the quotes that only a graph file needs. */
export const bareOptions = ({ options }: Offer): Suggestion[] => options.map(({ text, detail }) => ({ text: spelled(parsed(text)), detail }));

export function More({ path, put, what, of }: Given & { what: string; of: Path }) {
  const [open, setOpen] = useState(false);
  const opened = useRef(false);
  if (!open)
    return (
      <button
        className="link insp-add"
        autoFocus={opened.current} // which had the focus before
        aria-label={`+ ${what} of ${of.join(".")}`}
        onClick={() => setOpen((opened.current = true))}
      >
        + {what}
      </button>
    );
  return (
    <div className="insp-more" onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <Offered path={path} put={(value) => put(value).then(() => setOpen(false))} />
    </div>
  );
}

/** A field for what may stand at a place: a value, or first the key that the mapping there is to have. */
function Offered({ path, put, name = "", doc = "" }: Given & { name?: string; doc?: string }) {
  const { answer } = useAsked("offers", { place: path });
  const [key, setKey] = useState("");
  if (answer === null) return null;
  const { kind, named } = answer;
  const options = bareOptions(answer);
  if (kind === "list") return <Offered path={[...path, 0]} put={(item) => put([item])} name={name} doc={doc} />;
  if (kind === "value")
    return (
      <Row name={name} doc={doc !== "" && <Prose text={doc} />}>
        <Combo label={`New ${path.join(".")}`} value="" placeholder="a value" suggestions={options} autoFocus opened commit={(text) => put(parsed(text))} />
      </Row>
    );
  const choose = (text: string) => {
    if (!named && !options.some((each) => each.text === text)) throw new Error(`must be ${options.map((each) => each.text).join(", ")}`);
    setKey(text);
  };
  const place = path.join(".");
  return (
    <div className={name === "" ? "insp-more" : "insp-nested"}>
      {name !== "" && (
        <Row name={name} doc={doc !== "" && <Prose text={doc} />}>
          {null}
        </Row>
      )}
      {key !== "" ? (
        <Offered path={[...path, key]} put={(value) => put({ [key]: value })} name={key} doc={options.find(({ text }) => text === key)?.detail ?? ""} />
      ) : options.length > 0 || named ? (
        <Combo label={`New key of ${place}`} value="" placeholder={options.length > 0 ? "a key" : "a name"} suggestions={options} autoFocus opened commit={(text) => choose(text.trim())} />
      ) : (
        <p className="dim">It has all keys that there are.</p>
      )}
    </div>
  );
}
