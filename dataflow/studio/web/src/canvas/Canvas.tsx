/** The picture of the graph, to be worked on. */
import { Pieces } from "../shell/Pieces";

export function Canvas() {
  return <Pieces of="canvas" />;
}
