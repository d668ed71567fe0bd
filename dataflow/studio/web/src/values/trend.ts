/** Curves that stay small however long a training takes: at most 2,000 points, each of as many steps. */
import type { Trend } from "../protocol";

export const MOST = 2000;

const empty = (): Trend => ({ steps: [], low: [], mean: [], high: [], stride: 1 });

/** The curves with more points; those that do not grow are the same objects. */
export function extended(
  trends: Record<string, Trend>,
  points: Record<string, [step: number, value: number][]>,
): Record<string, Trend> {
  const made = { ...trends };
  for (const [name, added] of Object.entries(points)) made[name] = longer(made[name] ?? empty(), added);
  return made;
}

function longer(trend: Trend, added: [number, number][]): Trend {
  let { steps, low, mean, high, stride } = trend;
  steps = steps.slice();
  low = low.slice();
  mean = mean.slice();
  high = high.slice();
  for (const [step, value] of added) {
    const last = steps.length - 1;
    const start = steps[last];
    if (start !== undefined && step - start < stride) {
      low[last] = Math.min(low[last]!, value);
      high[last] = Math.max(high[last]!, value);
      mean[last] = mean[last]! + (value - mean[last]!) / (step - start + 1);
      continue;
    }
    steps.push(step);
    low.push(value);
    mean.push(value);
    high.push(value);
    if (steps.length > MOST) {
      stride *= 2;
      [steps, low, mean, high] = halved(steps, low, mean, high);
    }
  }
  return { steps, low, mean, high, stride };
}

/** Pairs of neighbours as one point each. */
function halved(steps: number[], low: number[], mean: number[], high: number[]): [number[], number[], number[], number[]] {
  const made: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let i = 0; i < steps.length; i += 2) {
    const j = Math.min(i + 1, steps.length - 1);
    made[0].push(steps[i]!);
    made[1].push(Math.min(low[i]!, low[j]!));
    made[2].push((mean[i]! + mean[j]!) / 2);
    made[3].push(Math.max(high[i]!, high[j]!));
  }
  return made;
}
