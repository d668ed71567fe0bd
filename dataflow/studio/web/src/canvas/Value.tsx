/** What is known of the value on a port, in room that is there before: histogram or number, shape, quantization. */
import { useStudio } from "../store";
import type { Quality, RightPort, Stats } from "../protocol";
import { typeOf } from "./scene";
import { bars } from "../values/bars";
import { decibels, percent, short } from "../values/format";
import { useOld, useStats } from "../values/ports";
import { grade } from "../values/quality";

export const WIDTH = 48;
const HEIGHT = 15;

/** The value of an output of the graph, below its name; before a run its shape. */
export function OutputValue({ name, value }: { name: string; value: string }) {
  const stats = useStats(value);
  const old = useOld(value);
  const type = useStudio(({ document }) => (document === null ? "" : typeOf(document.scene, value)));
  const metric = useStudio(({ training }) => (training?.state === "running" ? training.metrics[name]?.train : undefined) ?? null);
  if (metric !== null)
    return (
      <span className="shown live" title="mean of the last epoch of training">
        <b>{short(metric, 3)}</b>
      </span>
    );
  const number = stats === undefined ? null : scalar(stats);
  if (stats === undefined || number === null) return <span className="type">{shapeText(type)}</span>;
  return (
    <span className={old ? "shown old" : "shown"} title={told(type, stats)}>
      <b>{number}</b>
    </span>
  );
}

export function Value({ port }: { port: Pick<RightPort, "value_of" | "type"> }) {
  const stats = useStats(port.value_of);
  const old = useOld(port.value_of);
  return (
    <>
      <span className={old ? "shown old" : "shown"} title={stats === undefined ? undefined : told(port.type, stats)}>
        {stats !== undefined && <Picture stats={stats} />}
      </span>
      <span className="type" title={port.type}>
        {shapeText(port.type)}
      </span>
    </>
  );
}

/** What quantization does to the value, at the beginning of its wires, where cards leave room. */
export function WireQuality({ port }: { port: Pick<RightPort, "value_of" | "x" | "y"> }) {
  const quality = useStudio(({ run }) => run?.values[port.value_of]?.quality ?? null);
  const old = useOld(port.value_of);
  if (quality === null) return null;
  const { bits, scale, zero_point: zero, clipped, sqnr } = quality;
  return (
    <span className={`quality ${grade(sqnr)}${old ? " old" : ""}`} style={{ left: port.x + 8, top: port.y }} aria-hidden="true">
      <b>{bits}b</b>
      {sqnr !== null && <span>{sqnr.toFixed(0)}dB</span>}
      <span>{scale.length === 1 ? `×${brief(scale[0]!)}` : `×[${scale.length}]`}</span>
      {zero.length === 1 && zero[0] !== 0 && <span>z{zero[0]}</span>}
      {clipped >= 0.05 && <em>{brief(clipped)}%</em>}
    </span>
  );
}

/** Two digits, and no zero before the point: ".063", "9.3", "1e-4". */
const brief = (value: number): string => short(value, 2).replace(/^(-?)0\./, "$1.");

function Picture({ stats }: { stats: Stats }) {
  const number = scalar(stats);
  if (number !== null) return <b className={number.length > 6 ? "long" : undefined}>{number}</b>;
  if (stats.nan + stats.inf > 0 && stats.min === null) return <b className="bad">nan</b>;
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden="true" className={stats.nan + stats.inf > 0 ? "bad" : undefined}>
      <path d={bars(stats.bins, WIDTH, HEIGHT, 0)} />
    </svg>
  );
}

/** The one element of a value, in words; null where there are more. */
export function scalar({ shape, shown, dtype }: Stats): string | null {
  if (shape.some((dim) => dim !== 1)) return null;
  let value = shown;
  while (Array.isArray(value)) value = value[0] ?? null;
  if (typeof value === "number") return dtype.startsWith("float") || !Number.isInteger(value) ? short(value, 3) : String(value);
  return typeof value === "boolean" || typeof value === "string" ? String(value) : null;
}

/** "float32[N, 8, 8]" -> "N×8×8" */
export function shapeText(type: string): string {
  const found = /^[^[]+\[(.*)\]$/.exec(type);
  if (found === null || found[1] === "...") return "";
  return found[1] === "" ? "scalar" : found[1]!.replaceAll(", ", "×");
}

function told(type: string, stats: Stats): string {
  const lines = [`${type === "" ? stats.dtype : type}: ${stats.shape.length === 0 ? "scalar" : stats.shape.join("×")}`];
  if (stats.min !== null) lines.push(`min ${short(stats.min)} · mean ${short(stats.mean)} · max ${short(stats.max)}`);
  if (stats.nan > 0) lines.push(`${stats.nan} not a number`);
  if (stats.inf > 0) lines.push(`${stats.inf} infinite`);
  if (stats.quality !== null) lines.push(...qualityTold(stats.quality));
  else if (stats.sqnr !== undefined) lines.push(`SQNR accumulated ${decibels(stats.sqnr)}`);
  return lines.join("\n");
}

function qualityTold({ bits, scale, zero_point, clipped, sqnr }: Quality): string[] {
  const several = scale.length > 1 ? ` (${scale.length} channels)` : "";
  return [
    `${bits} bits`,
    `scale ${scale.slice(0, 3).map((each) => short(each)).join(", ")}${several}`,
    `zero point ${zero_point.slice(0, 3).join(", ")}${several}`,
    `${percent(clipped)} clipped`,
    `SQNR accumulated ${decibels(sqnr)}`,
  ];
}
