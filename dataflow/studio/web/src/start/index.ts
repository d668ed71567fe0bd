/** What greets a person: the gallery, the tour. */
import { addOverlay, addPiece } from "../slots";
import { offerTour } from "./offer";
import { ReadOnly } from "./ReadOnly";
import { Start } from "./Start";

addPiece("empty", { id: "gallery", order: 10, component: Start });
addPiece("banner", { id: "read-only", order: 20, component: ReadOnly });
addOverlay("gallery", () => import("./GalleryDialog"));
addOverlay("tour", () => import("./Tour"));
offerTour();
