/** Curves that stay small however long a training takes: at most 2,000 points, each of as many steps. */
import type { Trend } from "../protocol";

export const MOST = 2000;

export type Points = [step: number, value: number | null][];

/** A trend that this page adds to: its arrays are its own, and it knows how many values its last point holds. */
interface Growing extends Trend {
  tail: number;
}

/** The curves with more points; those that do not grow are the same objects. */
export function extended(
  trends: Record<string, Trend>,
  points: Record<string, Points>,
): Record<string, Trend> {
  const made = { ...trends };
  for (const [name, added] of Object.entries(points)) if (added.length > 0) made[name] = longer(made[name], added);
  return made;
}

/** The arrays grow in place, since copies of them at each event would be most of the page's work; the object is new. */
function longer(trend: Trend | undefined, added: Points): Growing {
  const made = growing(trend);
  for (const [step, value] of added) add(made, step, value ?? NaN); // JSON has no NaN: null stands for it
  return made;
}

function growing(trend: Trend | undefined): Growing {
  if (trend === undefined) return { steps: [], low: [], mean: [], high: [], stride: 1, tail: 0 };
  if ("tail" in trend) return { ...(trend as Growing) };
  const { steps, low, mean, high, stride } = trend;
  return { steps: [...steps], low: [...low], mean: [...mean], high: [...high], stride, tail: 1 };
}

function add(trend: Growing, step: number, value: number): void {
  const last = trend.steps.length - 1;
  if (last >= 0 && step - trend.steps[last]! < trend.stride) {
    trend.tail += 1;
    trend.low[last] = Math.min(trend.low[last]!, value);
    trend.high[last] = Math.max(trend.high[last]!, value);
    trend.mean[last]! += (value - trend.mean[last]!) / trend.tail;
    return;
  }
  trend.steps.push(step);
  trend.low.push(value);
  trend.mean.push(value);
  trend.high.push(value);
  trend.tail = 1;
  if (trend.steps.length > MOST) coarsen(trend);
}

/** Neighbours as one point each, so that about half are left, equally far apart also where steps were left out. */
function coarsen(trend: Growing): void {
  const { steps, low, mean, high } = trend;
  const stride = Math.max(2 * trend.stride, Math.ceil((2 * (steps.at(-1)! - steps[0]!)) / MOST));
  const made: Growing = { steps: [], low: [], mean: [], high: [], stride, tail: 0 };
  for (let i = 0; i < steps.length; i += 1) {
    const last = made.steps.length - 1;
    if (last >= 0 && steps[i]! - made.steps[last]! < stride) {
      made.tail += 1;
      made.low[last] = Math.min(made.low[last]!, low[i]!);
      made.high[last] = Math.max(made.high[last]!, high[i]!);
      made.mean[last]! += (mean[i]! - made.mean[last]!) / made.tail;
    } else {
      made.steps.push(steps[i]!);
      made.low.push(low[i]!);
      made.mean.push(mean[i]!);
      made.high.push(high[i]!);
      made.tail = 1;
    }
  }
  Object.assign(trend, made);
}
