/** Commands of runs, training and the session, each on what is selected. */
import { register, perform } from "../commands";
import { ask } from "../connection";
import { get, set } from "../store";
import { fullName, change, CLEAR, freeze, meantPort, overrides, selectedNodes, session, toggleBypass, toggleWatch } from "./session";

const open = () => get().document !== null;
const some = () => open() && selectedNodes().length > 0;
const ran = () => ["done", "failed", "cancelled"].includes(get().run?.state ?? "none");
const port = () => open() && meantPort() !== "";

register(
  { id: "session.bypass", title: "Bypass, or not", group: "Run", keys: ["B"], within: "canvas", menu: ["card"], enabled: some, run: () => toggleBypass(selectedNodes()) },
  {
    id: "session.freeze",
    title: "Freeze at the values of the run",
    group: "Run",
    keys: ["K"],
    within: "canvas",
    menu: ["card"],
    enabled: () => some() && ran(),
    run: () => freeze(selectedNodes(), `run ${get().run!.number}`),
  },
  { id: "session.freeze_file", title: "Freeze at values of a file", group: "Run", keys: ["Shift+K"], within: "canvas", menu: ["card"], enabled: some, run: () => set({ over: "freeze" }) },
  { id: "session.force", title: "Force a value", group: "Run", keys: ["V"], within: "canvas", menu: ["port"], enabled: port, run: () => set({ over: "force" }) },
  {
    id: "session.clear",
    title: "Run as the file says again",
    group: "Run",
    keys: [],
    enabled: () => open() && overrides(session()).length > 0,
    run: () => change(CLEAR),
  },
  {
    id: "run.to",
    title: "Run to here",
    group: "Run",
    keys: ["R"],
    within: "canvas",
    menu: ["card"],
    enabled: () => open() && get().selected.length === 1 && get().run?.state !== "running",
    run: () => ask("run", { to: fullName(get().selected[0]!) }),
  },
  { id: "session.watch", title: "Watch over a training, or not", group: "Run", keys: ["T"], within: "canvas", menu: ["port"], enabled: port, run: () => toggleWatch(meantPort()) },
  {
    id: "train.continue",
    title: "Resume from the checkpoint",
    group: "Run",
    keys: [],
    enabled: () => trains() && begun() && !busy() && !complete(),
    otherwise: "there is no checkpoint to go on from, or no epoch is left",
    run: () => {
      set({ side: "training" });
      return ask("train", { resume: true });
    },
  },
  { id: "train.restart", title: "Train from the start", group: "Run", keys: [], enabled: () => (trains() || steps()) && begun() && !busy(), run: () => ask("train", { restart: true }) },
  { id: "view.quality", title: "Colour cards by SQNR accumulated, or not", group: "View", keys: ["Q"], enabled: open, run: () => set(({ byQuality }) => ({ byQuality: !byQuality })) },
  { id: "file.export_svg", title: "Export the picture as SVG", group: "File", keys: [], menu: ["canvas"], enabled: open, run: async () => (await import("../start/exporting")).exportSvg() },
  { id: "file.export_png", title: "Export the picture as PNG", group: "File", keys: [], menu: ["canvas"], enabled: open, run: async () => (await import("../start/exporting")).exportPng() },
  { id: "view.tour", title: "Take the tour", group: "View", keys: [], enabled: open, run: () => set({ over: "tour" }) },
);

export const steps = (): boolean => !trains() && get().document?.steps === true;
export const trains = (): boolean => get().document?.sections["train"] !== undefined;
/** Whether the latest training is one of the graph that is open. */
export const ofThis = (): boolean => get().training?.path === get().document?.trail[0]?.path;
/** Whether there is something to go on from, or to begin anew in place of. */
export const begun = (): boolean => (steps() ? ofThis() && get().training!.step > 0 : get().checkpoint !== null);
/** Whether the training of the graph as it is now has done as many epochs as are asked for; by default those of its section. */
export function complete(asked?: number): boolean {
  const { training, document } = get();
  if (training?.state !== "done" || !training.current || !trains() || !ofThis()) return false;
  const { epochs = 1 } = document!.sections["train"] as { epochs?: number };
  return training.epoch < training.epochs || training.epoch >= (asked || epochs);
}
export const busy = (): boolean => ["running", "paused"].includes(get().training?.state ?? "none");
export const changeSession = (changed: Parameters<typeof change>[0]) => void perform(() => change(changed));
