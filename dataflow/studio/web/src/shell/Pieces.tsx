import { piecesOf, type Region } from "../slots";

/** What the parts of the page have added to a region. */
export function Pieces({ of }: { of: Region }) {
  return piecesOf(of).map(({ id, component: Component }) => <Component key={id} />);
}
