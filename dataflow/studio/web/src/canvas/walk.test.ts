import { expect, test } from "vitest";
import { chain } from "../testing/document";
import type { End } from "./state";
import { afterInOrder, nextCard, nextPort, nextTarget, type Arrow } from "./walk";

const { scene } = chain();
const end = (side: End["side"], card: string, port: string): End => ({ side, card, port });
const led = (verdicts: Map<string, string>, over: End | null, arrow: Arrow, any: boolean) =>
  nextTarget(scene, { from: end("right", "image", "output"), start: [160, 50], at: [160, 50], over, verdicts }, arrow, any);

test("left and right go along the wires, also those that are drawn as tags", () => {
  expect(nextCard(scene, "image", "right")).toBe("conv");
  expect(nextCard(scene, "conv", "right")).toBe("relu");
  expect(nextCard(scene, "relu", "right")).toBe("output:out");
  expect(nextCard(scene, "index", "left")).toBe("image");
});

test("up and down go to the card that is there", () => {
  expect(nextCard(scene, "relu", "down")).toBe("index");
  expect(nextCard(scene, "index", "up")).toBe("relu");
  expect(nextCard(scene, "relu", "up")).toBeNull();
});

test("where no wire leads on, an arrow goes to the card on that side", () => {
  expect(nextCard(scene, "index", "right")).toBe("output:out");
});

test("ports: up and down within a side, across, and along the wire", () => {
  expect(nextPort(scene, end("left", "conv", "input"), "down")).toEqual(end("left", "conv", "scale"));
  expect(nextPort(scene, end("left", "conv", "bias"), "down")).toBeNull();
  expect(nextPort(scene, end("left", "conv", "bias"), "right")).toEqual(end("right", "conv", "output"));
  expect(nextPort(scene, end("right", "conv", "output"), "left")).toEqual(end("left", "conv", "input"));
  expect(nextPort(scene, end("right", "conv", "output"), "right")).toEqual(end("left", "relu", "x"));
  expect(nextPort(scene, end("left", "relu", "x"), "left")).toEqual(end("right", "conv", "output"));
});

test("between an input and the outputs is the chip of a node that has no card", () => {
  const chip = end("chip", "conv", "scale");
  expect(nextPort(scene, end("left", "conv", "scale"), "right")).toEqual(chip);
  expect(nextPort(scene, chip, "right")).toEqual(end("right", "conv", "output"));
  expect(nextPort(scene, chip, "left")).toEqual(end("left", "conv", "scale"));
  expect(nextPort(scene, chip, "down")).toEqual(end("left", "conv", "bias"));
});

test("a wire by the keyboard goes to ports that fit only", () => {
  const verdicts = new Map([
    ["left relu x", "is taken"],
    ["left index x", ""],
    ["left conv bias", ""],
  ]);
  expect(led(verdicts, null, "right", false)).toEqual(end("left", "conv", "bias"));
  expect(led(verdicts, end("left", "conv", "bias"), "right", false)).toEqual(end("left", "index", "x"));
  expect(led(verdicts, end("left", "index", "x"), "left", false)).toEqual(end("left", "conv", "bias"));
});

test("a wire by the keyboard goes to any port of another card where that is asked for", () => {
  const verdicts = new Map([
    ["left image x", "would depend on itself"],
    ["left relu x", "is taken"],
    ["left conv bias", ""],
  ]);
  expect(led(verdicts, end("left", "conv", "bias"), "right", true)).toEqual(end("left", "relu", "x"));
  expect(led(verdicts, end("left", "relu", "x"), "left", true)).toEqual(end("left", "conv", "bias"));
});

test("where no port that fits is ahead, the next one in the order of reading is chosen", () => {
  const verdicts = new Map([
    ["left index x", ""],
    ["left conv bias", ""],
  ]);
  expect(led(verdicts, end("left", "index", "x"), "right", false)).toEqual(end("left", "conv", "bias"));
  expect(led(verdicts, end("left", "conv", "bias"), "up", false)).toEqual(end("left", "index", "x"));
  expect(led(new Map(), null, "up", false)).toBeNull();
});

test("the order of Tab begins and ends outside of the cards", () => {
  expect(afterInOrder(scene, null, 1)).toBe("image");
  expect(afterInOrder(scene, "image", 1)).toBe("conv");
  expect(afterInOrder(scene, "output:out", 1)).toBeNull();
  expect(afterInOrder(scene, null, -1)).toBe("output:out");
});
