/** What greets a person: the gallery, the tour. */
import { addOverlay, addPiece } from "../slots";
import { offerTour } from "./offer";
import { Start } from "./Start";

addPiece("empty", { id: "gallery", order: 10, component: Start });
addOverlay("gallery", () => import("./GalleryDialog"));
addOverlay("tour", () => import("./Tour"));
offerTour();
