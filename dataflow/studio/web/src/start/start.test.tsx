import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import NewFile from "../edit/find/NewFile";
import { get, set } from "../store";
import { chain } from "../testing/document";
import { click, find, leave, press, show, write } from "../testing/page";
import { Gallery } from "./Gallery";
import { offerTour } from "./offer";
import { ReadOnly } from "./ReadOnly";
import Tour from "./Tour";
import { STEPS } from "./tour";

const asked: [string, unknown][] = [];
let doc = "";
let own = "mine.yaml";
let drawing = Promise.resolve();
vi.mock("../connection", async (original) => ({
  ...(await original<object>()),
  ask: async (command: string, given: unknown) => {
    asked.push([command, given]);
    if (command === "files") return [{ path: own, graph: true, size: 1 }, { path: "x.npz", graph: false, size: 1 }];
    if (command === "preview") await drawing;
    if (command === "preview") return { doc, nodes: 4, trains: true, width: 0, height: 0, cards: [], wires: [] };
    return null;
  },
}));
const entry = (name: string) => ({ path: `dataflow:digits/${name}.yaml`, name, doc: "Digits", nodes: 9, trains: true, quantized: false, group: "digits" });

beforeEach(() => {
  localStorage.clear();
  doc = "What it does";
  own = "mine.yaml";
  drawing = Promise.resolve();
  set({ gallery: [entry("cnn"), entry("mlp")], document: null, over: null });
});
afterEach(async () => {
  asked.length = 0;
  await leave();
});

test("graphs of the project and of the package are shown, and one is opened by the keys", async () => {
  await show(<Gallery />);
  const cards = [...document.querySelectorAll<HTMLElement>(".gallery-card")];
  expect(cards.map((card) => card.querySelector(".gallery-name")!.textContent)).toEqual(["mine", "cnn", "mlp"]);
  expect(cards[0]!.textContent).toContain("What it does4 nodestrains");
  find("input", "Search for a graph").focus();
  await press(document.activeElement as HTMLElement, "ArrowDown");
  await press(document.activeElement as HTMLElement, "ArrowRight");
  expect(document.activeElement).toBe(cards[1]);
  set({ over: "gallery" });
  await click(".gallery-card:focus");
  expect(asked.at(-1)).toEqual(["open", { path: "dataflow:digits/cnn.yaml" }]);
  expect(get().over).toBeNull();
});

test("what a picture tells is there at once when the gallery is opened again, and asked for anew", async () => {
  await show(<Gallery />);
  await leave();
  asked.length = 0;
  let release = () => {};
  drawing = new Promise<void>((resolve) => (release = resolve));
  doc = "What it does now";
  await show(<Gallery />);
  expect(document.querySelector(".gallery-card")!.textContent).toMatch(/What it does(?! now)/);
  await act(async () => release());
  expect(document.querySelector(".gallery-card")!.textContent).toContain("What it does now");
  expect(asked).toContainEqual(["preview", { path: "mine.yaml" }]);
});

test("a search leaves what has its words", async () => {
  await show(<Gallery />);
  await write(find<HTMLInputElement>("input", "Search for a graph"), "mlp");
  expect(document.querySelectorAll(".gallery-card")).toHaveLength(1);
  await write(find<HTMLInputElement>("input", "Search for a graph"), "nothing");
  expect(document.body.textContent).toContain("No graph has these words");
});

test("a new graph gets the ending of graph files", async () => {
  await show(<Gallery />);
  await write(find<HTMLInputElement>("input", "Name of a new graph"), "net");
  await click("button", "New graph");
  expect(asked.at(-1)).toEqual(["create", { path: "net.yaml" }]);
});

test("a new graph is called by a free name unless one is typed", async () => {
  own = "graph.yaml";
  await show(<Gallery />);
  expect(find<HTMLInputElement>("input", "Name of a new graph").placeholder).toBe("graph2.yaml");
  await click("button", "New graph");
  expect(asked.at(-1)).toEqual(["create", { path: "graph2.yaml" }]);
});

test("a graph of the package is copied to the project", async () => {
  set({ document: chain({ path: "dataflow:digits/cnn.yaml", readonly: "it comes with the package" }) });
  await show(<ReadOnly />);
  expect(document.body.textContent).toContain("it comes with the package");
  await click("button", "Copy to the project");
  expect(asked.at(-1)).toEqual(["create", { path: "cnn.yaml", like: "dataflow:digits/cnn.yaml" }]);
});

test("a copy, and a graph by the list of commands, get free names too", async () => {
  own = "cnn.yaml";
  set({ document: chain({ path: "dataflow:digits/cnn.yaml", readonly: "it comes with the package" }) });
  await show(<ReadOnly />);
  await click("button", "Copy to the project");
  expect(asked.at(-1)).toEqual(["create", { path: "cnn2.yaml", like: "dataflow:digits/cnn.yaml" }]);
  own = "graph.yml";
  HTMLDialogElement.prototype.showModal = () => undefined; // which jsdom has not
  await show(<NewFile />);
  await act(async () => find<HTMLFormElement>("form").requestSubmit());
  expect(asked.at(-1)).toEqual(["create", { path: "graph2.yaml" }]);
});

test("a graph that can be edited, or is only looked into, offers no copy", async () => {
  set({ document: chain() });
  await show(<ReadOnly />);
  expect(document.body.textContent).toBe("");
});

test("the tour is walked by the keys, there and back, and ends", async () => {
  set({ document: chain(), over: "tour" });
  await show(<Tour />);
  const box = find("[role=dialog]");
  expect(document.activeElement).toBe(box);
  const title = () => find("h2").textContent;
  for (const step of STEPS) {
    expect(title()).toBe(step.title);
    await press(box, "ArrowRight");
  }
  expect(title()).toBe(STEPS[4]!.title); // no further
  await press(box, "ArrowLeft");
  expect(title()).toBe(STEPS[3]!.title);
  expect(get().side).toBe("values");
  await click("button", "Next");
  await click("button", "Done");
  expect(get().over).toBeNull();
});

test("the tour comes by itself once", async () => {
  offerTour();
  expect(get().over).toBeNull();
  set({ document: chain() });
  expect(get().over).toBe("tour");
  await show(<Tour />);
  set({ over: null, document: null });
  offerTour();
  set({ document: chain() });
  expect(get().over).toBeNull();
});
