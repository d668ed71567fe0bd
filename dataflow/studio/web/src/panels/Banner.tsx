/** What the session does to runs without a word of it in the file, with a way to take each back: in the line at the bottom. */
import { Icon } from "../shell/icons";
import { useStudio } from "../store";
import { changeSession } from "./commands";
import { CLEAR, NOTHING, overrides } from "./session";

export function Banner() {
  const session = useStudio((state) => (state.document === null ? null : state.session)) ?? NOTHING;
  const all = overrides(session);
  if (all.length === 0) return null;
  return (
    <section className="session-says" aria-label="What this session does to runs">
      <details>
        <summary>Runs and trainings differ from the file: {all.length}</summary>
        <ul>
          {all.map(({ key, verb, name, value, clear }) => (
            <li key={key}>
              <b>{name}</b> {verb}
              {value !== "" && <> {verb === "frozen" ? "at" : "to"} <b>{value}</b></>}
              <button type="button" aria-label={`${name}: no longer ${verb}`} onClick={() => changeSession(clear)}>
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      </details>
      <button type="button" className="link" onClick={() => changeSession(CLEAR)}>
        Clear all
      </button>
    </section>
  );
}
