/** How the elements of a value are spread: as a strip within a port, and large with an axis. */
import { memo, useState, type PointerEvent } from "react";
import type { Stats } from "../protocol";
import { bars } from "./bars";
import { count, short } from "./format";
import { linear } from "./scale";
import { useWidth } from "./width";

/** A small histogram, 24 bars without words, for a port of the canvas; its colour is that of the text around it. */
export const Strip = memo(function Strip({ bins, width, height }: { bins: number[]; width: number; height: number }) {
  return (
    <svg className="strip" width={width} height={height} aria-hidden="true">
      <path d={bars(bins, width, height, 0)} />
    </svg>
  );
});

const HEIGHT = 84;

/** The histogram of a value with its axis; the bin under the pointer is read out. */
export function Histogram({ stats }: { stats: Stats }) {
  const [frame, width] = useWidth();
  const [over, setOver] = useState<number | null>(null);
  const { bins, min, max } = stats;
  if (min === null || max === null) return <p className="quiet">No finite elements.</p>;
  const inner = Math.max(0, width - 2);
  const axis = linear(min, max, 1, 1 + inner, Math.max(2, Math.floor(width / 70)));
  const step = (max - min) / bins.length;
  const total = bins.reduce((sum, bin) => sum + bin, 0);
  const move = (event: PointerEvent<SVGSVGElement>) => {
    const at = Math.floor(((event.clientX - event.currentTarget.getBoundingClientRect().left - 1) / inner) * bins.length);
    setOver(at >= 0 && at < bins.length ? at : null);
  };
  const told =
    over === null
      ? `${count(total)} elements${stats.sampled ? ", evenly spread over all" : ""}`
      : `${short(min + over * step)} to ${short(min + (over + 1) * step)}: ${count(bins[over]!)} (${((100 * bins[over]!) / total).toFixed(1)} %)`;
  return (
    <div className="histogram" ref={frame}>
      <svg
        width={width}
        height={HEIGHT + 20}
        role="img"
        aria-label={`Histogram from ${short(min)} to ${short(max)}, mean ${short(stats.mean)}`}
        onPointerMove={move}
        onPointerLeave={() => setOver(null)}
      >
        {over !== null && (
          <rect className="over" x={1 + (over * inner) / bins.length} width={inner / bins.length} height={HEIGHT} />
        )}
        <path className="bars" d={bars(bins, inner, HEIGHT, 1)} transform="translate(1 0)" />
        {stats.mean !== null && <path className="mean" d={`M${axis.at(stats.mean)} 0V${HEIGHT}`} />}
        <path className="axis" d={`M0 ${HEIGHT + 0.5}H${width}`} />
        {axis.ticks.map((tick) => (
          <g key={tick} transform={`translate(${axis.at(tick)} ${HEIGHT})`}>
            <path className={tick === 0 ? "axis zero" : "axis"} d="M0 0V4" />
            <text y="15" textAnchor={axis.at(tick) < 16 ? "start" : axis.at(tick) > width - 16 ? "end" : "middle"}>
              {short(tick)}
            </text>
          </g>
        ))}
      </svg>
      <p className="quiet told">{told}</p>
    </div>
  );
}
