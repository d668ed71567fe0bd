/** What a job found: a list of records as a table, a record as names and values, figures of SQNR in colour. */
import type { Plain } from "../protocol";
import { short } from "../values/format";
import "../values/values.css";
import { grade } from "../values/quality";

type Record_ = { [key: string]: Plain };
const isRecord = (value: Plain): value is Record_ => value !== null && typeof value === "object" && !Array.isArray(value);

export function Result({ result, of }: { result: Plain; of: string }) {
  if (Array.isArray(result)) return result.every(isRecord) ? <Rows rows={result} of={of} /> : <Lines lines={result.map(text)} />;
  if (!isRecord(result)) return <span>{text(result)}</span>;
  const entries = Object.entries(result);
  const plain = entries.filter(([, value]) => value === null || typeof value !== "object");
  return (
    <>
      {plain.length > 0 && (
        <dl className="facts">
          {plain.map(([name, value]) => (
            <div key={name} className="fact">
              <dt>{name.replaceAll("_", " ")}</dt>
              <dd>{text(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {entries
        .filter(([, value]) => value !== null && typeof value === "object")
        .map(([name, value]) => (
          <div key={name}>
            <h4>{name.replaceAll("_", " ")}</h4>
            <Result result={value} of={`${of}, ${name}`} />
          </div>
        ))}
    </>
  );
}

function Lines({ lines }: { lines: string[] }) {
  return (
    <ul className="lines">
      {lines.map((line, i) => (
        <li key={i}>{line}</li>
      ))}
    </ul>
  );
}

/** Records of one kind; figures of SQNR have the colours of their grades. */
function Rows({ rows, of }: { rows: Record_[]; of: string }) {
  const heads = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={of}>
      <table className="figures">
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head.replaceAll("_", " ")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {heads.map((head) => (
                <td key={head} className={/sqnr/i.test(`${of} ${head}`) && typeof row[head] === "number" ? grade(row[head]) : ""}>
                  {text(row[head] ?? null)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const text = (value: Plain): string =>
  typeof value === "number" ? short(value) : value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
