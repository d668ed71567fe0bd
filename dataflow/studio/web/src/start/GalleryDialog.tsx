import { Dialog } from "../shell/Dialog";
import { Gallery } from "./Gallery";

export default function GalleryDialog() {
  return (
    <Dialog title="Open a graph">
      <Gallery />
    </Dialog>
  );
}
