/** The socket: requests with replies, events to the store, and connecting again when the server was away. */
import { json } from "./json";
import type { Commands, Event, Message, Refusal } from "./protocol";

export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

type Waiting = { resolve: (value: never) => void; reject: (error: Error) => void };

let socket: WebSocket | null = null;
let number = 0;
const waiting = new Map<number, Waiting>();

/** The token of the printed address; it stays in the fragment, which is never sent. */
function token(): string {
  return new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
}

/** Connect, and again a second after the connection is lost; `heard` is given the events of a frame. */
export function connect(heard: (events: Event[]) => void, changed: (connected: boolean) => void): void {
  const made = new WebSocket(`ws://${location.host}/socket`, ["dataflow-studio", token()]);
  made.onopen = () => {
    socket = made;
    changed(true);
  };
  made.onmessage = ({ data }) => {
    const events: Event[] = [];
    for (const message of JSON.parse(data as string) as Message[]) {
      if ("event" in message) events.push(message);
      else settle(message);
    }
    if (events.length > 0) heard(events);
  };
  made.onclose = () => {
    socket = null;
    for (const { reject } of waiting.values()) reject(new Error("the connection to the server is lost"));
    waiting.clear();
    changed(false);
    setTimeout(() => connect(heard, changed), 1000);
  };
}

function settle(reply: Exclude<Message, Event>): void {
  const asked = waiting.get(reply.id);
  waiting.delete(reply.id);
  if (asked === undefined) return;
  if ("refused" in reply) asked.reject(new Refused(reply.refused));
  else asked.resolve(reply.ok as never);
}

/** Ask the server for something; rejects with `Refused`, which has the reason. */
export function ask<K extends keyof Commands>(command: K, given: Commands[K][0]): Promise<Commands[K][1]> {
  return new Promise((resolve, reject) => {
    if (socket === null) {
      reject(new Error("the server is not connected"));
      return;
    }
    number += 1;
    waiting.set(number, { resolve: resolve as never, reject });
    socket.send(json({ ...given, id: number, do: command }));
  });
}
