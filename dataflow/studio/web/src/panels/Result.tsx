/** What a job found: a list of records as a table, a record as names and values, figures of SQNR in colour. */
import type { Plain } from "../protocol";
import { short } from "../values/format";
import "../values/values.css";
import { grade } from "../values/quality";

type Record_ = { [key: string]: Plain };
const isRecord = (value: Plain): value is Record_ => value !== null && typeof value === "object" && !Array.isArray(value);

export function Result({ result, of }: { result: Plain; of: string }) {
  if (Array.isArray(result)) return result.every(isRecord) ? <Rows rows={result} of={of} /> : <Lines lines={result.map((line) => text(line))} />;
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

const FEW = 3; // figures that stand beside the name of their record
const SHORT = 12; // letters of a text that may stand among figures

/** Records of one kind; figures of SQNR have the colours of their grades. Many stand below the name of their record. */
function Rows({ rows, of }: { rows: Record_[]; of: string }) {
  const [name, ...heads] = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (name === undefined) return null;
  const prose = heads.filter((head) => rows.some((row) => typeof row[head] === "string" && row[head].length > SHORT));
  const figures = heads.filter((head) => !prose.includes(head));
  const beside = figures.length <= FEW;
  const columns = figures.length + Number(beside);
  const told = (row: Record_) => (
    <th scope="row" colSpan={beside ? 1 : columns}>
      {text(row[name] ?? null)}
    </th>
  );
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={of}>
      <table className="figures">
        <thead>
          <tr>
            {(beside ? [name, ...figures] : figures).map((head) => (
              <th key={head} scope="col">
                {head.replaceAll("_", " ")}
              </th>
            ))}
          </tr>
        </thead>
        {rows.map((row, i) => (
          <tbody key={i}>
            {!beside && <tr>{told(row)}</tr>}
            <tr>
              {beside && told(row)}
              {figures.map((head) => (
                <td key={head} className={/sqnr/i.test(`${of} ${head}`) && typeof row[head] === "number" ? grade(row[head]) : ""}>
                  {text(row[head] ?? null, beside ? 4 : 3)}
                </td>
              ))}
            </tr>
            {prose.map((head) => (
              <tr key={head}>
                <td colSpan={columns} className="prose">
                  {text(row[head] ?? null)}
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

const text = (value: Plain, digits = 4): string =>
  typeof value === "number" ? short(value, digits) : value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
