/** The list of all commands, found by their words. */
import { useState } from "react";
import { everyCommand, perform, type Command } from "../../commands";
import { keysOf, shown } from "../../keys";
import { get } from "../../store";
import { Letters } from "../picker/Letters";
import { closeOver, Picker } from "../picker/Picker";
import { search, type Found } from "../palette/search";

interface Entry {
  name: string;
  aliases: string[];
  words: string[];
  category: string;
  summary: string;
  command: Command;
}

export default function Commands() {
  const [query, setQuery] = useState("");
  const entries = everyCommand()
    .filter((command) => command.id !== "view.commands" && command.enabled?.() !== false)
    .map((command): Entry => ({ name: command.title, aliases: [], words: [], category: command.group, summary: command.id, command }));
  return (
    <Picker<Found<Entry>>
      label="Commands"
      placeholder="What do you want to do?"
      query={query}
      change={setQuery}
      items={search(entries, query)}
      keyOf={({ entry }) => entry.command.id}
      row={({ entry, at }) => (
        <div className="line-row">
          <span className="grow">
            <Letters text={entry.name} at={at} />
          </span>
          <span className="dim">{entry.category}</span>
          {keysOf(entry.command).slice(0, 1).map((keys) => (
            <kbd key={keys} className="keycap">
              {shown(keys)}
            </kbd>
          ))}
        </div>
      )}
      choose={({ entry }) => {
        closeOver();
        // what the list lay over has its focus back first
        setTimeout(() => get().over === null && void perform(entry.command.id));
      }}
      does="do it"
      counted={["1 command", "commands"]}
      none="No command has that in its name."
    />
  );
}
