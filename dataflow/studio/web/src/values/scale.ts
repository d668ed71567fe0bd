/** Where values lie along an axis, and which of them are written at it. */

export interface Scale {
  at: (value: number) => number; // pixels
  back: (pixel: number) => number;
  ticks: number[];
}

/** A linear axis from `low` to `high` over the pixels from `from` to `to`, with about `most` round ticks within it. */
export function linear(low: number, high: number, from: number, to: number, most: number): Scale {
  const [least, greatest] = apart(low, high);
  const per = (to - from) / (greatest - least);
  return {
    at: (value) => from + (value - least) * per,
    back: (pixel) => least + (pixel - from) / per,
    ticks: round(least, greatest, most),
  };
}

/** A logarithmic axis; `low` must be above zero. Ticks are powers of ten, or 1, 2 and 5 times them where there is room. */
export function logarithmic(low: number, high: number, from: number, to: number, most: number): Scale {
  const greatest = high > low ? high : low * 10;
  const [first, last] = [Math.log10(low), Math.log10(greatest)];
  const per = (to - from) / (last - first);
  return {
    at: (value) => from + (Math.log10(Math.max(value, low / 10)) - first) * per,
    back: (pixel) => 10 ** (first + (pixel - from) / per),
    ticks: powers(first, last, most),
  };
}

/** Two ends that are apart, also of a value that never changed. */
function apart(low: number, high: number): [number, number] {
  if (high > low) return [low, high];
  const margin = Math.abs(low) * 0.1 || 1;
  return [low - margin, low + margin];
}

/** Multiples of 1, 2 or 5 times a power of ten between the ends. */
export function round(low: number, high: number, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((times) => times * power >= rough * (1 - 1e-9)) ?? 10);
  const made: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) {
    made.push(Number((i * step).toPrecision(12))); // 0.3, not 0.30000000000000004
  }
  return made;
}

function powers(first: number, last: number, most: number): number[] {
  const decades = Math.floor(last + 1e-9) - Math.ceil(first - 1e-9) + 1;
  if (decades < 2) return round(10 ** first, 10 ** last, most);
  const every = Math.ceil(decades / most);
  const made: number[] = [];
  for (let power = Math.ceil(first - 1e-9); power <= last + 1e-9; power += every) made.push(Number(`1e${power}`));
  return made;
}
