/** The metrics of a training so far, and the best of each. */
import type { Training } from "../protocol";
import { short } from "../values/format";

const COLUMNS = ["train", "validation", "best"] as const;

export function Metrics({ metrics }: { metrics: Training["metrics"] }) {
  const names = Object.keys(metrics);
  if (names.length === 0) return null;
  const given = COLUMNS.filter((column) => column === "train" || names.some((name) => metrics[name]![column] !== null));
  return (
    <section>
      <h3>Metrics</h3>
      <table className="figures">
        <thead>
          <tr>
            <th scope="col"><span className="unseen">metric</span></th>
            {given.map((column) => (
              <th key={column} scope="col">
                {given.length === 1 ? "now" : column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {given.map((column) => (
                <td key={column} className={column === "best" ? "best" : ""}>
                  {short(metrics[name]![column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
