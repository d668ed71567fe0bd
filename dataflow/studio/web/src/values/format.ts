/** Numbers as they are shown: short, and with the digits that tell them apart. */

/** At most four significant digits: 0.05718 -> "0.05718", 123456 -> "1.235e5", 1e-7 -> "1e-7". */
export function short(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e") as [string, string];
    return `${trimmed(mantissa)}e${Number(exponent)}`;
  }
  return trimmed(value.toPrecision(digits));
}

const trimmed = (text: string) => (text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text);

/** A time: "0.3 ms", "45 ms", "1.2 s", "3 min". */
export function seconds(time: number): string {
  if (time < 0.01) return `${(time * 1000).toFixed(1)} ms`;
  if (time < 1) return `${Math.round(time * 1000)} ms`;
  if (time < 60) return `${time.toFixed(1)} s`;
  return `${Math.round(time / 60)} min`;
}
