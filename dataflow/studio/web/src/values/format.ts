/** Numbers as they are shown: short, and with the digits that tell them apart. */

/** At most four significant digits: 0.05718 -> "0.05718", 1234567.8 -> "1.235e6", 1e-7 -> "1e-7"; "–" for none. */
export function short(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e") as [string, string];
    return `${trimmed(mantissa)}e${Number(exponent)}`;
  }
  return size >= 10 ** digits ? value.toFixed(0) : trimmed(value.toPrecision(digits));
}

const trimmed = (text: string) => (text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text);

/** A time: "0.3 ms", "45 ms", "1.2 s", "3 min", "1 h 5 min". */
export function seconds(time: number): string {
  if (time < 0.01) return `${(time * 1000).toFixed(1)} ms`;
  if (time < 1) return `${Math.round(time * 1000)} ms`;
  if (time < 60) return `${time.toFixed(1)} s`;
  const minutes = Math.round(time / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const count = (value: number): string => value.toLocaleString("en");

export const decibels = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : `${value.toFixed(1)} dB`;

/** A part in percent: what is not quite none does not read as none. */
export function percent(value: number): string {
  if (value === 0) return "0 %";
  return value < 0.01 ? "< 0.01 %" : `${short(value, 2)} %`;
}

/** "64 × 8 × 8 × 32", "scalar" */
export const shape = (dims: number[]): string => (dims.length === 0 ? "scalar" : dims.join(" × "));

/** How many elements a shape has. */
export const size = (dims: number[]): number => dims.reduce((product, dim) => product * dim, 1);
