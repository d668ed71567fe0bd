/** Numbers as a person reads them: few digits, no noise. */

/** A number in at most `digits` significant digits: "0.0417", "12,345", "1.2e-7"; "–" where there is none. */
export function short(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return "–";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return minus(value.toLocaleString("en"));
  if (size < 1e-4 || size >= 1e7) {
    const [mantissa, power] = value.toExponential(Math.max(0, digits - 2)).split("e") as [string, string];
    return minus(`${trimmed(mantissa)}e${power.replace("+", "")}`);
  }
  return minus(trimmed(size >= 10 ** digits ? value.toFixed(0) : value.toPrecision(digits)));
}

const trimmed = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
const minus = (text: string): string => text.replace(/^-/, "−").replace("e-", "e−");

export const count = (value: number): string => value.toLocaleString("en");

/** "0.42 ms", "3.1 s", "2 min 5 s", "1 h 12 min" */
export function duration(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds < 5e-5) return "< 0.05 ms";
  if (seconds < 1) return `${short(seconds * 1000, 2)} ms`;
  if (seconds < 60) return `${short(seconds, 2)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export const decibels = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : `${value.toFixed(1)} dB`;

export function percent(value: number): string {
  if (value === 0) return "0 %";
  return value < 0.01 ? "< 0.01 %" : `${short(value, 2)} %`;
}

/** "64 × 8 × 8 × 32", "scalar" */
export const shape = (dims: number[]): string => (dims.length === 0 ? "scalar" : dims.join(" × "));

/** How many elements a shape has. */
export const size = (dims: number[]): number => dims.reduce((product, dim) => product * dim, 1);
