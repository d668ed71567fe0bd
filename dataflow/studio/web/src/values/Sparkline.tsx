/** A trend in little: its curve and its last value, for a port of the canvas or a row of a list. */
import { memo } from "react";
import type { Trend } from "../protocol";
import { ends, paths } from "./curve";
import { linear } from "./scale";

export const Sparkline = memo(function Sparkline({ trend, width, height }: { trend: Trend; width: number; height: number }) {
  const found = ends([trend], false);
  if (found === null) return <svg className="sparkline" width={width} height={height} aria-hidden="true" />;
  const x = linear(...found.steps, 1, width - 1, 2);
  const y = linear(...found.values, height - 2, 2, 2);
  const { line, band } = paths(trend, x, y, false);
  return (
    <svg className="sparkline hue-0" width={width} height={height} aria-hidden="true">
      <path className="band" d={band} />
      <path className="line" d={line} />
    </svg>
  );
});
