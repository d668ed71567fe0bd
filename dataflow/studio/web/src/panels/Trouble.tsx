/** Why something failed: the message of the command line, its way out, and where it is. */
import type { Problem } from "../protocol";
import { reveal } from "./reveal";

export function Trouble({ problem }: { problem: Problem }) {
  const { message, hint, node, port, path, line } = problem;
  return (
    <div className="trouble" role="alert">
      <p>{message}</p>
      {hint !== "" && <p className="quiet">{hint}</p>}
      {(node !== "" || line > 0) && (
        <p className="quiet">
          {node !== "" && (
            <button type="button" className="inline" onClick={() => reveal(node)}>
              {port === "" ? node : `${node}.${port}`}
            </button>
          )}
          {line > 0 && ` ${path}:${line}`}
        </p>
      )}
    </div>
  );
}
