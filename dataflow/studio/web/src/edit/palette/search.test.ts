import { expect, test } from "vitest";
import { beginnings, fitName } from "../fuzzy";
import { search, type Searched } from "./search";

const block = (name: string, given: Partial<Searched> = {}): Searched => ({
  name,
  aliases: [],
  words: [],
  category: "math",
  summary: "",
  ...given,
});

const BLOCKS = [
  block("Add", { summary: "Sum of two tensors." }),
  block("AddN"),
  block("BiasAdd", { category: "nn", summary: "Adds a bias to the last axis." }),
  block("Conv2D", { category: "nn", words: ["convolution"], summary: "Convolution of images." }),
  block("Conv2DBackpropInput", { category: "nn", words: ["transposed convolution", "deconvolution"] }),
  block("MatMul", { aliases: ["Dot"], words: ["matrix product"] }),
  block("FakeQuantWithMinMaxArgs", { category: "quant", summary: "Rounds to a grid." }),
];
const names = (query: string) => search(BLOCKS, query).map(({ entry }) => entry.name);

test("parts of a name begin at capitals and digits", () => {
  expect(beginnings("Conv2DBackpropInput")).toEqual([0, 4, 5, 6, 14]);
});

test("a whole name comes before names that begin so, and those before parts", () => {
  expect(names("add")).toEqual(["Add", "AddN", "BiasAdd"]);
});

test("entries that fit alike come in the order that is wanted, else the short ones first", () => {
  const given = ["Pooling3D", "PoolGrad", "Pool2D"].map((name) => block(name));
  expect(search(given, "pool").map(({ entry }) => entry.name)).toEqual(["Pool2D", "PoolGrad", "Pooling3D"]);
  expect(search(given, "pool", () => 0).map(({ entry }) => entry.name)).toEqual(["Pooling3D", "PoolGrad", "Pool2D"]);
});

test("letters at the beginnings of parts are found, and say where they are", () => {
  expect(names("fqmm")).toEqual(["FakeQuantWithMinMaxArgs"]);
  expect(fitName("cbi", "Conv2DBackpropInput")?.at).toEqual([0, 6, 14]);
});

test("letters in order anywhere come last, and a letter too many finds nothing", () => {
  expect(names("mtml")).toEqual(["MatMul"]);
  expect(names("matmulx")).toEqual([]);
});

test("aliases, terms, category and summary are searched", () => {
  expect(names("dot")).toEqual(["MatMul"]);
  expect(names("transposed convolution")).toEqual(["Conv2DBackpropInput"]);
  expect(names("quant")).toEqual(["FakeQuantWithMinMaxArgs"]);
  expect(names("bias axis")).toEqual(["BiasAdd"]);
  expect(names("images")).toEqual(["Conv2D"]);
});

test("each word must fit", () => {
  expect(names("conv input")).toEqual(["Conv2DBackpropInput"]);
  expect(names("conv nothing")).toEqual([]);
});

test("without a word all come, in the order given", () => {
  expect(names(" ")).toEqual(BLOCKS.map((each) => each.name));
});
