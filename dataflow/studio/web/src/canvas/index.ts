/** What the canvas adds to the page: its commands. */
import "./commands";
