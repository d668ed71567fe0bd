/** The sheet of keys: every command with its keys, which can be given others. */
import { useState, type KeyboardEvent } from "react";
import { everyCommand, type Command } from "../../commands";
import { pressed, shown } from "../../keys";
import { Dialog } from "../../shell/Dialog";
import { fitName } from "../fuzzy";
import { giveKeys, sharing, takeKey, useKeymap, type Keymap } from "./keymap";
import "./sheet.css";

const GESTURES: [string, string][] = [
  ["Drag from a port", "Draw a wire; on the empty canvas it offers blocks that fit"],
  ["Double-click the canvas", "Add a block there"],
  ["Double-click a graph", "Enter it"],
  ["Drag over the canvas with Shift", "Select what is inside"],
  ["Drop a card on a wire", "Put it into the wire"],
  ["Drag out of the list of blocks", "Add a block where it is dropped, or into the wire there"],
];

export default function Sheet() {
  const { keymap } = useKeymap();
  const [query, setQuery] = useState("");
  const [asking, setAsking] = useState<string | null>(null);
  const commands = everyCommand().filter((command) => has(command, query.trim().toLowerCase()));
  const groups = [...new Set(commands.map(({ group }) => group))];
  return (
    <Dialog title="Keys">
      <div className="sheet">
        <input
          className="field"
          type="search"
          aria-label="Search the keys"
          placeholder="Search"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <div className="sheet-groups">
          {groups.map((group) => (
            <section key={group} aria-label={group}>
              <h3>{group}</h3>
              {commands.filter((each) => each.group === group).map((command) => (
                <Row key={command.id} command={command} keymap={keymap} asked={asking === command.id} ask={setAsking} />
              ))}
            </section>
          ))}
          {query === "" && (
            <section aria-label="By the mouse">
              <h3>By the mouse</h3>
              {GESTURES.map(([gesture, does]) => (
                <div className="sheet-row" key={gesture}>
                  <span>{does}</span>
                  <span className="dim">{gesture}</span>
                </div>
              ))}
            </section>
          )}
        </div>
        <p className="dim">Press the keys of a command to give it others; this browser remembers them.</p>
      </div>
    </Dialog>
  );
}

/** Whether a command has this in its title, group or keys. */
function has({ title, group, keys }: Command, query: string): boolean {
  return [title, group].some((text) => fitName(query.replaceAll(" ", ""), text)) || keys.join(" ").toLowerCase().includes(query);
}

interface Given {
  command: Command;
  keymap: Keymap;
  asked: boolean; // for other keys
  ask: (id: string | null) => void;
}

function Row({ command, keymap, asked, ask }: Given) {
  const [conflict, setConflict] = useState<{ key: string; others: Command[] } | null>(null);
  const keys = keymap[command.id] ?? command.keys;
  const mine = keymap[command.id] !== undefined; // keys given by default are shared on purpose: they depend on what is focused
  const others = keys.flatMap((key) => sharing(command, key, keymap)).filter(({ id }) => mine || keymap[id] !== undefined);
  const done = () => {
    setConflict(null);
    ask(null);
  };
  const hear = (event: KeyboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return done();
    if (["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
    const key = pressed(event);
    const having = sharing(command, key, keymap);
    if (having.length > 0) return setConflict({ key, others: having });
    giveKeys(command, [key]);
    done();
  };
  return (
    <div className="sheet-row">
      <span>{command.title}</span>
      {conflict !== null ? (
        <span className="sheet-conflict" role="alert">
          <kbd className="keycap">{shown(conflict.key)}</kbd> is {conflict.others.map(({ title }) => title).join(", ")}
          <button
            className="link"
            autoFocus
            onClick={() => {
              takeKey(command, conflict.key, keymap);
              done();
            }}
          >
            Take it
          </button>
          <button className="link" onClick={done}>
            Leave it
          </button>
        </span>
      ) : command.native ? (
        <span className="sheet-keys">
          {keys.map((key) => (
            <kbd className="keycap" key={key}>
              {shown(key)}
            </kbd>
          ))}
        </span>
      ) : (
        <span className="sheet-change">
          {others.length > 0 && <span className="field-problem">also {others.map(({ title }) => title).join(", ")}</span>}
          {mine && (
            <button className="link" title={`The keys that ${command.title} comes with`} onClick={() => giveKeys(command, null)}>
              Reset
            </button>
          )}
          {asked && (
            <button
              className="link"
              title={`No keys for ${command.title}`}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => {
                giveKeys(command, []);
                done();
              }}
            >
              None
            </button>
          )}
          <button
            className="sheet-keys"
            onClick={() => ask(command.id)}
            onKeyDown={asked ? hear : undefined}
            onBlur={() => asked && ask(null)}
          >
            <span className="unseen">Change the keys of {command.title}: </span>
            {asked ? (
              <span className="sheet-ask">Press keys</span>
            ) : keys.length > 0 ? (
              keys.map((key) => (
                <kbd className="keycap" key={key}>
                  {shown(key)}
                </kbd>
              ))
            ) : (
              <span className="dim">none</span>
            )}
          </button>
        </span>
      )}
    </div>
  );
}
