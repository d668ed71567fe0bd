/** What a training takes from its next step on: the learning rate and the parameters. */
import { perform } from "../commands";
import { ask } from "../connection";
import { parsed } from "../edit/plain";
import { useStudio } from "../store";
import { short } from "../values/format";
import { trains } from "./commands";
import { Field } from "./Field";
import { NOTHING, written } from "./session";

export function Changes() {
  const busy = useStudio((state) => ["running", "paused"].includes(state.training?.state ?? "none"));
  const rate = useStudio((state) => state.training?.rate ?? null);
  const params = useStudio((state) => state.document?.params) ?? {};
  const given = useStudio((state) => (state.session ?? NOTHING).params);
  if (!busy) return null;
  return (
    <section>
      <h3>From the next step on</h3>
      <div className="fields">
        {rate !== null && (
          <Field
            label="learning rate"
            kind="number"
            value={short(rate)}
            send={(text) => void perform(() => ask("change", { rate: Number(text) }))}
          />
        )}
        {Object.entries(params).map(([name, param]) => (
          <Field
            key={name}
            label={name}
            hint={param.doc}
            value={written(given[name] ?? param.value)}
            send={(text) => void perform(() => ask("change", { params: { [name]: parsed(text) } }))}
          />
        ))}
      </div>
      {trains() && <p className="quiet">Changes are noted in history.csv and the checkpoint.</p>}
    </section>
  );
}
