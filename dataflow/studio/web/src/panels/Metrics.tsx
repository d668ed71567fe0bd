/** The metrics of a training so far, and the best of each. */
import type { Training } from "../protocol";
import { short } from "../values/format";

export function Metrics({ metrics }: { metrics: Training["metrics"] }) {
  const names = Object.keys(metrics);
  if (names.length === 0) return null;
  return (
    <section>
      <h3>Metrics</h3>
      <table className="figures">
        <thead>
          <tr>
            <th scope="col"><span className="unseen">metric</span></th>
            <th scope="col">train</th>
            <th scope="col">validation</th>
            <th scope="col">best</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{short(metrics[name]!.train)}</td>
              <td>{short(metrics[name]!.validation)}</td>
              <td className="best">{short(metrics[name]!.best)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
