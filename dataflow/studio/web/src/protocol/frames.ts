/** What a frame of the socket is: requests, replies, why something is refused, or events. */
import type { Problem } from "./document";
import type { Event } from "./events";

export type Message = Reply | Event;

export interface Request {
  id: number;
  do: string; // a key of Commands
  [argument: string]: unknown;
}

export type Reply = { id: number; ok: unknown } | { id: number; refused: Refusal };

/** Why something was not done: the words of the command line, with what to do instead. */
export interface Refusal {
  message: string;
  hint: string;
  problems: Problem[]; // those that the edit would have made
}
