/** Commands of the frame: files, undo, running, and what is shown. */
import { again } from "../changes";
import { register } from "../commands";
import { ask } from "../connection";
import { begun, busy, steps, trains } from "../panels/commands";
import { get, set, type Over } from "../store";
import { nextTheme } from "../theme";

const open = () => get().document !== null;
const editable = () => open() && get().document!.readonly === "";
const training = () => get().training?.state ?? "none";
const over = (id: Over) => () => set({ over: id });

register(
  { id: "view.gallery", title: "Open a graph", group: "File", keys: ["Mod+O"], run: over("gallery") },
  {
    id: "edit.undo",
    title: "Undo",
    group: "Edit",
    keys: ["Mod+Z"],
    enabled: () => editable() && get().document!.undo !== "",
    otherwise: "there is nothing to take back",
    run: () => again("undo"),
  },
  {
    id: "edit.redo",
    title: "Redo",
    group: "Edit",
    keys: ["Mod+Shift+Z", "Mod+Y"],
    enabled: () => editable() && get().document!.redo !== "",
    otherwise: "there is nothing to make again",
    run: () => again("redo"),
  },
  { id: "run.run", title: "Run", group: "Run", keys: ["Mod+Enter"], enabled: () => open() && get().run?.state !== "running", otherwise: "it is running already", run: () => ask("run", {}) },
  { id: "run.again", title: "Run everything again", group: "Run", keys: ["Mod+Shift+Enter"], enabled: () => open() && get().run?.state !== "running", run: () => ask("run", { again: true }) },
  { id: "run.cancel", title: "Cancel the run", group: "Run", keys: ["Mod+."], enabled: () => get().run?.state === "running", otherwise: "nothing is running", run: () => ask("cancel", { what: "run" }) },
  {
    id: "train.start",
    title: "Train",
    group: "Run",
    keys: [],
    enabled: () => (trains() ? !begun() : steps()) && !busy(),
    otherwise: "the graph is trained already, or has nothing to train: the tab Train resumes and restarts",
    run: () => {
      set({ side: "training" });
      return ask("train", {});
    },
  },
  { id: "train.pause", title: "Pause the training", group: "Run", keys: [], enabled: () => training() === "running", run: () => ask("pause", {}) },
  { id: "train.resume", title: "Resume the training", group: "Run", keys: [], enabled: () => training() === "paused", run: () => ask("resume", {}) },
  { id: "train.stop", title: "Stop the training", group: "Run", keys: [], enabled: () => ["running", "paused"].includes(training()), run: () => ask("stop", {}) },
  { id: "view.text", title: "Show the text of the file", group: "View", keys: ["Y"], enabled: open, run: () => set(({ text }) => ({ text: !text })) },
  { id: "view.side", title: "Show details", group: "View", keys: ["I"], enabled: open, run: () => set(({ side }) => ({ side: side === null ? "inspector" : null })) },
  { id: "view.theme", title: "Light, dark, or as the system", group: "View", keys: [], run: nextTheme },
  {
    id: "view.direction",
    title: "Left to right, or top down",
    group: "View",
    keys: ["D"],
    enabled: open,
    run: () => ask("view", { direction: get().document!.view.direction === "right" ? "down" : "right" }),
  },
);
