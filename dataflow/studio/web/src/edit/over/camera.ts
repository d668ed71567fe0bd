/** What is seen of the picture: known to the piece that lies in the canvas, asked by all others. */

interface Camera {
  centre: (card: string) => void;
  toScene: (at: [x: number, y: number]) => [x: number, y: number]; // of a place on the screen
}

let camera: Camera | null = null;

export function hold(made: Camera | null): void {
  camera = made;
}

/** Show a card in the middle, large enough to be read. */
export function centre(card: string): void {
  camera?.centre(card);
}

/** The place in the picture of one on the screen; null while no picture is shown. */
export function toScene(at: [number, number]): [number, number] | null {
  return camera?.toScene(at) ?? null;
}
