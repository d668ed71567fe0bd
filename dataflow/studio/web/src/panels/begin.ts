/** What a graph without a train section could begin with. */
import type { Document, Plain } from "../protocol";

/** The output that is a single float and so can be minimized, one called a loss before others; "" where there is none. */
export function minimizable({ outputs, nodes }: Pick<Document, "outputs" | "nodes">): string {
  const single = Object.entries(outputs).filter(([, { wire }]) => {
    const [node = "", port = ""] = wire.split(".");
    const given = nodes[node]?.outputs ?? {};
    return /^b?float\d+\[\]$/.test((given[port] ?? Object.values(given)[0])?.type ?? "");
  });
  const [found] = single.find(([name]) => /loss|error|cost/i.test(name)) ?? single[0] ?? [""];
  return found;
}

export const usualTrain = (output: string): Plain => ({
  minimize: output,
  optimizer: { block: "ApplyAdam", inputs: { lr: 0.001 } },
  epochs: 20,
  batch_size: 32,
});
