/** What is there while no graph is open: the gallery, loaded by itself. */
import { lazy, Suspense } from "react";

const Gallery = lazy(async () => ({ default: (await import("./Gallery")).Gallery }));

export function Start() {
  return (
    <div className="start">
      <Suspense fallback={null}>
        <Gallery />
      </Suspense>
    </div>
  );
}
