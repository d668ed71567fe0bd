/** The elements of a value as a table, a page of rows at a time. */
import { useState } from "react";
import { useAsked } from "../asked";
import { count } from "./format";
import { Slices } from "./Slices";

export function Table({ port, again }: { port: string; again: unknown }) {
  const [at, setAt] = useState<Record<string, number>>({});
  const [row, setRow] = useState(0);
  const [pages, setPages] = useState<number[]>([]); // the rows at which pages before this one begin
  const { answer, refused, waiting } = useAsked("table", { port, at, row }, again);
  if (refused) return <p className="quiet">{refused}</p>;
  if (answer === null) return <p className="quiet">{waiting ? "…" : "nothing"}</p>;
  const open = answer.dims.filter((dim) => dim.at === null);
  const rows = open.length > 0 ? open[0]!.size : 1;
  const next = row + answer.cells.length;
  return (
    <div className="table-view">
      <Slices
        dims={answer.dims}
        set={(dim, index) => {
          setAt({ ...at, [dim]: index });
        }}
      />
      <div className="table-scroll" tabIndex={0} role="region" aria-label={`Elements of ${port}`}>
        <table>
          {open.length > 1 && (
            <thead>
              <tr>
                <th>
                  <span className="unseen">row</span>
                </th>
                {answer.cells[0]?.map((_, i) => <th key={i} scope="col">{i}</th>)}
              </tr>
            </thead>
          )}
          <tbody>
            {answer.cells.map((cells, i) => (
              <tr key={i}>
                {open.length > 0 && <th scope="row">{row + i}</th>}
                {cells.map((cell, j) => <td key={j}>{cell}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {(row > 0 || next < rows) && (
        <div className="pager">
          <button
            type="button"
            disabled={pages.length === 0}
            onClick={() => {
              setRow(pages.at(-1)!);
              setPages(pages.slice(0, -1));
            }}
          >
            Previous
          </button>
          <span className="quiet">
            rows {count(row)} to {count(next - 1)} of {count(rows)}
          </span>
          <button
            type="button"
            disabled={next >= rows}
            onClick={() => {
              setPages([...pages, row]);
              setRow(next);
            }}
          >
            Next
          </button>
        </div>
      )}
    </div>
  );
}
