/** The steps of the tour, whether it was seen, and where its box stands. */
import type { Side } from "../store";

export interface Step {
  anchor: string; // a selector of what it tells of
  title: string;
  text: string;
  side?: Side; // the tab that it needs
}

export const STEPS: Step[] = [
  {
    anchor: "main.canvas",
    title: "Your file, drawn",
    text: "Every card is a node of the YAML file, every row a paragraph of it. Drag to move about, scroll to zoom, double-click a sub-graph to enter it; the arrow keys walk along the wires.",
  },
  {
    anchor: '.top [data-command="view.palette"]',
    title: "Add blocks",
    text: "Press Tab or double-click the canvas and type what you look for. Drag from port to port to wire them: what does not fit is refused, and says why. Everything can be undone.",
  },
  {
    anchor: '.top [data-command="run.run"]',
    title: "Run it",
    text: "Ctrl+Enter runs the graph on its own data. Only what changed since the last run runs again.",
  },
  {
    anchor: "#tab-values",
    side: "values",
    title: "Look at values",
    text: "Select a card to see what is on its ports: how values are spread, as a picture, as a table. Press T on a port to watch it over a training. To train, and to see what fewer bits cost, are tabs here too.",
  },
  {
    anchor: '.top [data-command="view.text"]',
    title: "It stays your file",
    text: "This shows the text beside the canvas, the very file that is saved: with your comments, your order, no positions. Edit on either side. Press ? for all keys.",
  },
];

const KEY = "dataflow.tour";
export const seen = (): boolean => localStorage.getItem(KEY) !== null;
export const markSeen = (): void => localStorage.setItem(KEY, "seen");

/** Where a box stands: below its target, else above, else beside, else in the middle of it; always within the page. */
export function placed(target: DOMRect | null, width: number, height: number, pageWidth: number, pageHeight: number): [x: number, y: number] {
  if (target === null) return [(pageWidth - width) / 2, (pageHeight - height) / 2];
  const gap = 14;
  const within = (value: number, size: number, page: number) => Math.max(8, Math.min(value, page - size - 8));
  const middle = within(target.left + target.width / 2 - width / 2, width, pageWidth);
  if (target.bottom + gap + height < pageHeight) return [middle, target.bottom + gap];
  if (target.top - gap - height > 0) return [middle, target.top - gap - height];
  return [middle, within(target.top + target.height / 2 - height / 2, height, pageHeight)];
}
