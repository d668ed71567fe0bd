/** Curves over the steps of a training: axes, a band where a point stands for many steps, a read-out by pointer or keys. */
import { useState, type KeyboardEvent, type PointerEvent } from "react";
import type { Trend } from "../protocol";
import { ends, paths, pointAt } from "./curve";
import { count, short } from "./format";
import { linear, logarithmic, type Scale } from "./scale";
import "./values.css";
import { useWidth } from "./width";

export interface Named {
  name: string;
  trend: Trend;
}

const LEFT = 44;
const BOTTOM = 18;

export function Curves({ title, curves, height = 130, log = false }: {
  title: string;
  curves: Named[];
  height?: number;
  log?: boolean;
}) {
  const [frame, width] = useWidth();
  const [step, setStep] = useState<number | null>(null);
  const axes = axesOf(curves, width, height, log);
  const at = step ?? axes?.last ?? 0;
  return (
    <figure className="curves" ref={frame}>
      <figcaption>
        <span className="curves-title">{title}</span>
        {axes && <span className="quiet">step {count(Math.round(at))}</span>}
      </figcaption>
      <ul className="curves-key">
        {curves.map(({ name, trend }, i) => (
          <li key={name} className={`hue-${i % 6}`}>
            <span className="curves-name">{name}</span> <Reading trend={trend} step={at} />
          </li>
        ))}
      </ul>
      {axes === null ? (
        <div className="curves-none quiet" style={{ height }}>
          nothing yet
        </div>
      ) : (
        <Plot {...{ title, curves, axes, width, height, log, step, setStep }} />
      )}
    </figure>
  );
}

/** What a curve has at a step: its mean, and its ends where the point stands for several. */
function Reading({ trend, step }: { trend: Trend; step: number }) {
  const i = pointAt(trend, step);
  if (i < 0) return <span className="value">–</span>;
  const [low, high] = [short(trend.low[i], 3), short(trend.high[i], 3)];
  return (
    <span className="value">
      {short(trend.mean[i])}
      {low !== high && <span className="quiet"> {low} to {high}</span>}
    </span>
  );
}

interface Axes {
  x: Scale;
  y: Scale;
  first: number;
  last: number;
}

function axesOf(curves: Named[], width: number, height: number, log: boolean): Axes | null {
  const found = ends(curves.map((curve) => curve.trend), log);
  if (found === null) return null;
  const [first, last] = found.steps;
  const [low, high] = found.values;
  const x = linear(first, last, LEFT, width - 6, Math.max(2, Math.floor((width - LEFT) / 70)));
  const y = (log ? logarithmic : linear)(low, high, height - BOTTOM, 6, Math.max(2, Math.floor(height / 32)));
  return { x, y, first, last };
}

function Plot({ title, curves, axes, width, height, log, step, setStep }: {
  title: string;
  curves: Named[];
  axes: Axes;
  width: number;
  height: number;
  log: boolean;
  step: number | null;
  setStep: (step: number | null) => void;
}) {
  const { x, y, first, last } = axes;
  const drawn = curves.map(({ trend }) => paths(trend, x, y, log));
  const within = (value: number) => Math.min(last, Math.max(first, value));
  const point = (event: PointerEvent<SVGSVGElement>) =>
    setStep(within(x.back(event.clientX - event.currentTarget.getBoundingClientRect().left)));
  const steps = Math.max(1, (last - first) / 50);
  const key = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -steps, ArrowRight: steps, PageDown: -10 * steps, PageUp: 10 * steps }[event.key];
    if (by !== undefined) setStep(within((step ?? last) + by));
    else if (event.key === "Home") setStep(first);
    else if (event.key === "End") setStep(last);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const at = step ?? last;
  return (
    <svg
      width={width}
      height={height}
      tabIndex={0}
      role="slider"
      aria-label={`${title}: the step that is read out`}
      aria-valuemin={first}
      aria-valuemax={last}
      aria-valuenow={Math.round(at)}
      aria-valuetext={`step ${Math.round(at)}: ${curves.map(({ name, trend }) => `${name} ${short(trend.mean[pointAt(trend, at)])}`).join(", ")}`}
      onPointerMove={point}
      onPointerLeave={() => setStep(null)}
      onBlur={() => setStep(null)}
      onKeyDown={key}
    >
      {y.ticks.map((tick) => (
        <g key={tick}>
          <path className="grid" d={`M${LEFT} ${Math.round(y.at(tick)) + 0.5}H${width - 6}`} />
          <text x={LEFT - 6} y={y.at(tick) + 3.5} textAnchor="end">
            {short(tick, 3)}
          </text>
        </g>
      ))}
      {x.ticks.filter(Number.isInteger).map((tick) => (
        <text key={tick} x={x.at(tick)} y={height - 3} textAnchor={x.at(tick) > width - 24 ? "end" : "middle"}>
          {count(tick)}
        </text>
      ))}
      <path className="axis" d={`M${LEFT} ${height - BOTTOM + 0.5}H${width - 6}`} />
      {drawn.map(({ line, band }, i) => (
        <g key={curves[i]!.name} className={`hue-${i % 6}`}>
          <path className="band" d={band} />
          <path className="line" d={line} />
        </g>
      ))}
      {step !== null && <path className="cursor" d={`M${Math.round(x.at(step)) + 0.5} 4V${height - BOTTOM}`} />}
    </svg>
  );
}
