/** A trend as paths of SVG: one point for each column of pixels, with the band between the least and the greatest. */
import type { Trend } from "../protocol";
import type { Scale } from "./scale";

export interface Paths {
  line: string;
  band: string; // "" where the curve is everywhere as thin as a line
}

interface Column {
  x: number;
  low: number;
  high: number;
  sum: number;
  points: number;
}

/** The paths; values that are no numbers, and on a logarithmic axis those not above zero, leave gaps. */
export function paths(trend: Trend, x: Scale, y: Scale, positive: boolean): Paths {
  let line = "";
  let band = "";
  for (const run of runs(trend, x, positive)) {
    line += run.map((at, i) => `${i === 0 ? "M" : "L"}${near(at.x)} ${near(y.at(at.sum / at.points))}`).join("");
    if (run.length === 1) line += "h0.01"; // a dot, by the round cap
    if (!run.some((at) => at.high > at.low)) continue;
    const above = run.map((at) => `${near(at.x)} ${near(y.at(at.high))}`);
    const below = run.map((at) => `${near(at.x)} ${near(y.at(at.low))}`).reverse();
    band += `M${above.join("L")}L${below.join("L")}z`;
  }
  return { line, band };
}

/** Columns of neighbouring points, cut where there is a gap. */
function runs(trend: Trend, x: Scale, positive: boolean): Column[][] {
  const made: Column[][] = [];
  let open: Column[] | null = null;
  trend.steps.forEach((step, i) => {
    const mean = trend.mean[i]!;
    if (!shown(mean, positive)) {
      open = null;
      return;
    }
    const low = shown(trend.low[i]!, positive) ? trend.low[i]! : mean;
    if (open === null) made.push((open = []));
    const pixel = x.at(step);
    const last = open.at(-1);
    if (last !== undefined && pixel - last.x < 1) {
      last.low = Math.min(last.low, low);
      last.high = Math.max(last.high, trend.high[i]!);
      last.sum += mean;
      last.points += 1;
    } else {
      open.push({ x: pixel, low, high: trend.high[i]!, sum: mean, points: 1 });
    }
  });
  return made;
}

const shown = (value: number | null, positive: boolean): boolean =>
  value !== null && Number.isFinite(value) && (!positive || value > 0);

const near = (value: number): number => Math.round(value * 10) / 10;

/** The ends of what is drawn of some trends, by their bands; null where there is nothing. */
export function ends(trends: Trend[], positive: boolean): { steps: [number, number]; values: [number, number] } | null {
  let [first, last, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const trend of trends) {
    for (let i = 0; i < trend.steps.length; i += 1) {
      if (!shown(trend.mean[i]!, positive)) continue;
      first = Math.min(first, trend.steps[i]!);
      last = Math.max(last, trend.steps[i]!);
      low = Math.min(low, shown(trend.low[i]!, positive) ? trend.low[i]! : trend.mean[i]!);
      high = Math.max(high, trend.high[i]!);
    }
  }
  return first > last ? null : { steps: [first, last], values: [low, high] };
}

/** The index of the point that stands for a step; -1 where the trend begins later. */
export function pointAt(trend: Trend, step: number): number {
  let [from, to] = [0, trend.steps.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (trend.steps[middle]! <= step) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}
