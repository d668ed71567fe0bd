/** The value on a port: how it is spread, what quantization does to it, as a picture, as a table, over a training. */
import { useState, type ReactNode } from "react";
import type { Quality, Stats } from "../protocol";
import { useStudio } from "../store";
import { Curves } from "./Curves";
import { count, decibels, percent, shape, short, size } from "./format";
import { HeatMap } from "./HeatMap";
import { Histogram } from "./Histogram";
import { useStats } from "./ports";
import { Table } from "./Table";
import { Tabs } from "./Tabs";

let last = "spread"; // how a value was shown last: the next one is shown so too

export function PortValue({ port }: { port: string }) {
  const stats = useStats(port);
  const trend = useStudio((state) => state.training?.trends[port]);
  const [mode, setMode] = useState(last);
  if (stats === undefined && trend === undefined) {
    return <p className="quiet">No value yet: a run gives one, and a training step that watches this port.</p>;
  }
  const modes: [string, string, () => ReactNode][] = [];
  if (stats !== undefined && size(stats.shape) > 1) modes.push(["spread", "Spread", () => <Spread stats={stats} />]);
  if (stats !== undefined && size(stats.shape) > 1) {
    modes.push(["picture", "Picture", () => <HeatMap key={port} port={port} again={stats} />]);
    modes.push(["table", "Table", () => <Table key={port} port={port} again={stats} />]);
  }
  if (trend !== undefined) {
    modes.push(["trend", "Trend", () => <Curves title="Mean at each step" curves={[{ name: port, trend }]} />]);
  }
  const shown = modes.find(([id]) => id === mode) ?? modes[0];
  return (
    <div className="port-value">
      {stats !== undefined && <Kind stats={stats} />}
      {stats !== undefined && size(stats.shape) === 1 && <p className="scalar">{scalar(stats)}</p>}
      {modes.length > 1 && (
        <Tabs label="How the value is shown" tabs={modes.map(([id, title]) => ({ id, title }))} at={shown![0]} to={(id) => setMode((last = id))} />
      )}
      {shown?.[2]()}
      {stats?.quality && <QualityOf quality={stats.quality} />}
    </div>
  );
}

function Kind({ stats }: { stats: Stats }) {
  return (
    <p className="kind">
      <code>{stats.dtype}</code>
      <span className="quiet">
        {" "}
        {shape(stats.shape)}
        {stats.shape.length > 1 && `, ${count(size(stats.shape))} elements`}
      </span>
    </p>
  );
}

/** A value of one element; what is no finite number is told as such. */
function scalar(stats: Stats): string {
  let shown = stats.shown;
  while (Array.isArray(shown) && shown.length === 1) shown = shown[0]!;
  return typeof shown === "number" ? short(shown, 7) : shown === null ? short(stats.mean, 7) : String(shown);
}

function Spread({ stats }: { stats: Stats }) {
  return (
    <>
      <Histogram stats={stats} />
      <dl className="facts">
        <Fact name="min" value={short(stats.min, 3)} />
        <Fact name="max" value={short(stats.max, 3)} />
        <Fact name="mean" value={short(stats.mean, 3)} />
        <Fact name="std" value={short(stats.std, 3)} />
        <Fact name="zeros" value={percent((100 * stats.zeros) / looked(stats))} />
        <Fact name="NaN" value={count(stats.nan)} bad={stats.nan > 0} />
        <Fact name="Inf" value={count(stats.inf)} bad={stats.inf > 0} />
        {stats.sqnr !== undefined && <Fact name="SQNR accumulated" value={decibels(stats.sqnr)} />}
      </dl>
    </>
  );
}

/** How many elements the figures are of. */
const looked = ({ bins, nan, inf }: Stats): number => Math.max(1, bins.reduce((sum, bin) => sum + bin, nan + inf));

function QualityOf({ quality }: { quality: Quality }) {
  const { bits, scale, zero_point: zero, clipped, sqnr } = quality;
  return (
    <>
      <h3>Quantization</h3>
      <dl className="facts">
        <Fact name="bits" value={String(bits)} />
        <Fact name="SQNR accumulated" value={decibels(sqnr)} />
        <Fact name="clipped" value={percent(clipped)} bad={clipped > 1} />
        <Fact name={scale.length > 1 ? `${scale.length} scales` : "scale"} value={several(scale)} />
        <Fact name={zero.length > 1 ? "zero points" : "zero point"} value={several(zero)} />
      </dl>
    </>
  );
}

const several = (values: number[]): string => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? short(low) : `${short(low, 3)} to ${short(high, 3)}`;
};

function Fact({ name, value, bad = false }: { name: string; value: string; bad?: boolean }) {
  return (
    <div className={bad ? "fact bad" : "fact"}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
