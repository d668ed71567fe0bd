/** What the server tells without being asked. */
import type { BlockInfo, GalleryEntry } from "./catalogue";
import type { Document, Problem } from "./document";
import type { Stats } from "./values";
import type { Job, NodeFate, Run, Session, Training } from "./work";

export type Event =
  | { event: "welcome"; project: string; version: string; gallery: GalleryEntry[]; blocks: BlockInfo[] } // the usual ones first
  | { event: "document"; document: Document | null }
  | { event: "disk"; path: string; state: "changed" | "deleted" | "merged" | "settled"; diff: string } // settled: no longer to be asked about
  | { event: "session"; session: Session }
  | { event: "checkpoints"; step: number | null } // of the newest checkpoint of the open document; null: there is none
  | { event: "run"; run: Run } // the whole, on connecting and when one begins
  | { event: "ran"; number: number; nodes: Record<string, NodeFate>; values: Record<string, Stats> } // more of it
  | { event: "ended"; number: number; state: Run["state"]; problem: Problem | null; seconds: number }
  | { event: "aged"; number: number; current: boolean; old: string[] } // what of it is old after an edit
  | { event: "training"; training: Training } // the whole
  | { event: "trained"; training: Omit<Training, "trends">; points: Record<string, [step: number, value: number][]> } // more
  | { event: "jobs"; jobs: Job[] }
  | { event: "said"; level: "info" | "warning"; message: string; about?: About };

/** What a notice tells of, so that it can lead there. */
export interface About {
  file?: Job["files"][0];
  problem?: Problem | null;
  job?: number;
}
