/** What a graph without a train section could begin with. */
import type { Document, Plain } from "../protocol";

/** The outputs that are a single float: what can be minimized, one called a loss first, and then what is a metric beside it. */
export function figures({ outputs, nodes }: Pick<Document, "outputs" | "nodes">): string[] {
  const found = Object.entries(outputs).filter(([, { wire }]) => {
    const [node = "", port = ""] = wire.split(".");
    const given = nodes[node]?.outputs ?? {};
    return /^b?float\d+\[\]$/.test((given[port] ?? Object.values(given)[0])?.type ?? "");
  });
  const names = found.map(([name]) => name);
  const least = names.find((name) => /loss|error|cost/i.test(name)) ?? names[0];
  return names.sort((a, b) => Number(b === least) - Number(a === least));
}

/** A first train section: it is told by all figures how well it goes, on rows that it does not train on where there are some. */
export function usualTrain(document: Pick<Document, "outputs" | "nodes" | "splits">): Plain {
  const [minimize = "", ...metrics] = figures(document);
  const others = Object.keys(document.splits).filter((name) => name !== "train");
  const validate = others.find((name) => /val/i.test(name)) ?? others.find((name) => /test/i.test(name));
  return {
    minimize,
    ...(metrics.length > 0 && { metrics }),
    ...(validate !== undefined && { validate }),
    optimizer: { block: "ApplyAdam", inputs: { lr: 0.001 } },
    epochs: 20,
    batch_size: 32,
  };
}
