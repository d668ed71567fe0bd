import { expect, test } from "vitest";
import type { GalleryEntry } from "../protocol";
import { grouped } from "./entries";

const entry = (path: string, group: string, changed: Partial<GalleryEntry> = {}): GalleryEntry => ({
  path, name: path.replace(/\.yaml$/, ""), doc: "", nodes: 3, trains: false, quantized: false, group, ...changed,
});
const shipped = [
  entry("dataflow:basic/matmul.yaml", "basic"),
  entry("dataflow:digits/cnn.yaml", "digits", { trains: true, doc: "Two convolutions" }),
  entry("dataflow:quant/qdense.yaml", "quant", { quantized: true }),
];

test("own graphs come first, then folders to begin with, then the others", () => {
  expect(grouped(shipped, ["nets/mine.yaml"], "").map(({ title }) => title)).toEqual(
    ["This project", "Digits", "Quantization", "Basic"]);
});

test("a search has all its words somewhere", () => {
  const found = (search: string) => grouped(shipped, ["mine.yaml"], search).flatMap(({ entries }) => entries.map(({ path }) => path));
  expect(found("conv trains")).toEqual(["dataflow:digits/cnn.yaml"]);
  expect(found("MINE")).toEqual(["mine.yaml"]);
  expect(found("nothing such")).toEqual([]);
});
