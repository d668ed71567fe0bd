/** Trends in little: their curves, for a port of the canvas or a row of a list. */
import { memo } from "react";
import type { Trend } from "../protocol";
import { ends, paths } from "./curve";
import { linear } from "./scale";

export const Sparkline = memo(function Sparkline({ trends, width, height }: { trends: Trend[]; width: number; height: number }) {
  const found = ends(trends, false);
  if (found === null) return <svg className="sparkline" width={width} height={height} aria-hidden="true" />;
  const x = linear(...found.steps, 1, width - 1, 2);
  const y = linear(...found.values, height - 2, 2, 2);
  return (
    <svg className="sparkline" width={width} height={height} aria-hidden="true">
      {trends.map((trend, i) => {
        const { line, band } = paths(trend, x, y, false);
        return (
          <g key={i} className={`hue-${i % 6}`}>
            <path className="band" d={band} />
            <path className="line" d={line} />
          </g>
        );
      })}
    </svg>
  );
});
