import { afterEach, beforeEach, expect, test } from "vitest";
import { QualityLegend } from "../panels/Status";
import type { Quality, Run, Stats } from "../protocol";
import { set } from "../store";
import { chain, right } from "../testing/document";
import { leave, show } from "../testing/page";
import { Value, WireQuality } from "./Value";
import { Wires } from "./Wires";

const quality: Quality = { bits: 4, scale: [0.063], zero_point: [7], clipped: 1.25, sqnr: 21.46 };

function measured(changed: Partial<Quality>): void {
  const stats: Stats = {
    dtype: "float32", shape: [2, 8], min: 0, max: 1, mean: 0.5, std: 0.1, nan: 0, inf: 0, zeros: 0, sampled: false, bins: [8, 8],
    shown: null, quality: { ...quality, ...changed },
  };
  const run: Run = {
    state: "done", number: 1, current: true, old: [], split: "", rows: 2, nodes: {}, values: { "conv.output": stats }, outputs: {}, problem: null, seconds: 0,
  };
  set({ document: chain(), run });
}

const port = right("output", { value_of: "conv.output" });
const label = () => [...document.querySelectorAll(".quality > *")].map((part) => part.textContent);

beforeEach(() => set({ run: null, byQuality: false }));
afterEach(leave);

test("a wire tells bits, SQNR, scale, zero point and what is clipped, as far as there is any", async () => {
  measured({});
  await show(<WireQuality port={port} />);
  expect(label()).toEqual(["4b", "21dB", "×.063", "z7", "1.3%"]);
  await leave();
  measured({ scale: [0.1, 0.2], zero_point: [0, 0], clipped: 0, sqnr: null });
  await show(<WireQuality port={port} />);
  expect(label()).toEqual(["4b", "×[2]"]);
});

test("the whole of it is told in words", async () => {
  measured({});
  await show(<Value port={port} />);
  const words = document.querySelector(".shown")!.getAttribute("title")!.split("\n");
  expect(words.slice(-5)).toEqual(["4 bits", "scale 0.063", "zero point 7", "1.3 % clipped", "SQNR accumulated 21.5 dB"]);
});

test("a wire has the colour of the legend, which is there as soon as one is coloured", async () => {
  set({ document: chain() });
  await show(<QualityLegend />);
  expect(document.body.textContent).toBe("");
  await leave();
  measured({});
  await show(<><QualityLegend /><Wires /></>);
  const grade = [...document.querySelectorAll(".sqnr-legend [class^=grade]")].find((each) => each.textContent === "20 to 30")!.className;
  expect(document.querySelector('[data-wire^="relu."]')!.classList).toContain(grade);
});

test("the legend promises figures of a run only where the file is quantized", async () => {
  set({ document: chain(), byQuality: true });
  await show(<QualityLegend />);
  expect(document.body.textContent).toBe("");
  await leave();
  set({ document: { ...chain(), sections: { quantization: {} } } });
  await show(<QualityLegend />);
  expect(document.body.textContent).toBe("SQNR accumulated: a run measures it");
});
