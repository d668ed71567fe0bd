/** What the canvas adds to the page: its commands, and how large it is drawn. */
import { addPiece } from "../slots";
import "./commands";
import "./keyboard";
import { Zoom } from "./Zoom";

addPiece("status.right", { id: "zoom", order: 90, component: Zoom });
