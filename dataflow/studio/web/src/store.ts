/** What the page knows: what the server said, by its events, and the state of the page itself. */
import { create } from "zustand";
import type { About, BlockInfo, Document, Event, GalleryEntry, Job, Run, Session, Stats, NodeFate, Training } from "./protocol";
import type { End } from "./canvas/state";
import type { Place } from "./commands";
import { shared } from "./sharing";
import { extended } from "./values/trend";

export interface Notice {
  number: number;
  level: "info" | "warning" | "refused";
  message: string;
  hint: string;
  about: About;
}

/** A part of the page that is open beside the canvas. */
export type Side = "inspector" | "values" | "training" | "quantization" | "session" | "problems" | null;
/** What lies over the page; each is closed by Escape. */
export type Over =
  | "palette"
  | "find"
  | "keys"
  | "gallery"
  | "commands"
  | "tour"
  | "freeze"
  | "force"
  | "files"
  | "new"
  | "extract"
  | null;

/** What the palette was opened for: a place on the screen, and the port whose wire was dropped there. */
export interface PaletteRequest {
  at: [x: number, y: number];
  from: {
    node: string;
    port: string;
    side: "source" | "target";
    into?: [node: string, port: string]; // the wire from there to this port is what the block is put into
  } | null;
}

/** The value on a port that a person wants to change there: the tools put a field at that place of the screen. */
export interface LiteralRequest {
  node: string;
  port: string;
  at: [x: number, y: number];
}

export interface State {
  connected: boolean;
  project: string;
  version: string;
  gallery: GalleryEntry[];
  blocks: BlockInfo[];
  document: Document | null;
  disk: Extract<Event, { event: "disk" }>[]; // what others have made of files, each file once
  session: Session | null;
  run: Run | null;
  training: Training | null;
  checkpoint: number | null; // the step of the newest one of what is open
  jobs: Job[];
  notices: Notice[];
  selected: string[]; // cards
  focused: End | null; // of the keyboard
  side: Side;
  over: Over;
  palette: PaletteRequest | null; // while `over` is "palette"; null: anywhere, for nothing
  literal: LiteralRequest | null;
  menu: { at: [x: number, y: number]; place: Place } | null;
  announced: string; // what a screen reader says
  text: boolean; // whether the text pane is open
  theme: "system" | "light" | "dark";
  byQuality: boolean; // whether cards are coloured by the SQNR of their values
}

const nothing: State = {
  connected: false,
  project: "",
  version: "",
  gallery: [],
  blocks: [],
  document: null,
  disk: [],
  session: null,
  run: null,
  training: null,
  checkpoint: null,
  jobs: [],
  notices: [],
  selected: [],
  focused: null,
  side: "inspector",
  over: null,
  palette: null,
  literal: null,
  menu: null,
  announced: "",
  text: false,
  theme: "system",
  byQuality: false,
};

export const useStudio = create<State>(() => nothing);
export const set = useStudio.setState;
export const get = useStudio.getState;

let notices = 0;

/** Say something at the edge of the page, for a while. */
export function say(level: Notice["level"], message: string, hint = "", about: About = {}): void {
  notices += 1;
  set((state) => {
    const others = state.notices.filter((notice) => notice.message !== message);
    return { notices: [...others.slice(-4), { number: notices, level, message, hint, about }] };
  });
}

/** Open the palette at a place of the screen, for a wire from or to a port where one is given. */
export function openPalette(request: PaletteRequest | null = null): void {
  set({ over: "palette", palette: request });
}

/** Let the value on a port be changed where it stands. */
export function openLiteral(request: LiteralRequest | null): void {
  set({ literal: request });
}

/** Let a screen reader say what happened. */
export function announce(message: string): void {
  set({ announced: message });
}

/** What is left to be told of the disk once a file of it is decided about. */
export const decided = (path: string) => ({ disk }: State): Pick<State, "disk"> => ({ disk: disk.filter((each) => each.path !== path) });

/** Take the events of a frame, as one change of the page. */
export function hear(events: Event[]): void {
  set((state) => events.reduce<State>((known, event) => ({ ...known, ...change(known, event) }), state));
  for (const event of events) {
    if (event.event === "said") say(event.level, event.message, "", event.about);
    if (event.event === "ended" && event.problem !== null) say("refused", event.problem.message, event.problem.hint, { problem: event.problem });
  }
}

function change(state: State, event: Event): Partial<State> {
  switch (event.event) {
    case "welcome":
      return { project: event.project, version: event.version, gallery: event.gallery, blocks: event.blocks };
    case "document": {
      const cards = new Set(event.document?.scene.cards.map((card) => card.id));
      const moved = event.document?.path !== state.document?.path;
      return {
        document: moved ? event.document : shared(state.document, event.document),
        selected: moved ? [] : state.selected.filter((id) => cards.has(id)),
        ...(moved && { disk: [] }),
      };
    }
    case "disk":
      return { disk: [...decided(event.path)(state).disk, ...(event.state === "settled" ? [] : [event])] };
    case "session":
      return { session: event.session };
    case "checkpoints":
      return { checkpoint: event.step };
    case "run":
      return { run: event.run };
    case "ran":
      return state.run?.number === event.number ? { run: more(state.run, event.nodes, event.values) } : {};
    case "ended": {
      const { number, state: ended, problem, seconds } = event;
      return state.run?.number === number ? { run: { ...state.run, state: ended, problem, seconds } } : {};
    }
    case "aged":
      return state.run?.number === event.number ? { run: { ...state.run, current: event.current, old: event.old } } : {};
    case "training":
      return { training: event.training };
    case "trained":
      return { training: { ...event.training, trends: extended(state.training?.trends ?? {}, event.points) } };
    case "jobs":
      return { jobs: event.jobs };
    case "said":
      return {};
  }
}

function more(run: Run, nodes: Record<string, NodeFate>, values: Record<string, Stats>): Run {
  return { ...run, nodes: { ...run.nodes, ...nodes }, values: { ...run.values, ...values } };
}
