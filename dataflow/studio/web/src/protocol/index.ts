/**
 * What the page and the server say to each other: the one description of it, for both sides.
 *
 * A frame to the page is a JSON array of messages; a frame from the page is one `Request`. The server answers each by
 * its id with a `Reply`, behind the events before it, and pushes `Event`s, which it gathers for 30 ms. After connecting it pushes `welcome`, and what a page that
 * was reloaded must know: `document`, `session`, `run`, `training`, `jobs`, with all values and curves so far.
 */
export type * from "./catalogue";
export type * from "./commands";
export type * from "./document";
export type * from "./edits";
export type * from "./events";
export type * from "./frames";
export type * from "./scene";
export type * from "./values";
export type * from "./work";
