/** A graph in little: as it was drawn last, and as it is once it comes into view. */
import { useEffect, useRef, useState, type CSSProperties, type Ref, type RefObject } from "react";
import { ask } from "../connection";
import type { Preview as Drawn } from "../protocol";

const known = new Map<string, Drawn>();
let last: Promise<unknown> = Promise.resolve();

/** One at a time: the server has better to do than to draw thirty graphs at once. */
function preview(path: string): Promise<Drawn> {
  const asked = last.then(() => ask("preview", { path }));
  last = asked.then(
    (drawn) => known.set(path, drawn),
    () => known.delete(path),
  );
  return asked;
}

/** The picture of a file once `frame` is in view. */
export function usePreview(path: string): [frame: RefObject<HTMLSpanElement | null>, drawn: Drawn | null] {
  const frame = useRef<HTMLSpanElement>(null);
  const [drawn, setDrawn] = useState<Drawn | null>(() => known.get(path) ?? null);
  useEffect(() => {
    const show = () => void preview(path).then(setDrawn, () => undefined);
    if (typeof IntersectionObserver === "undefined") {
      show();
      return;
    }
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      show();
    });
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, [path]);
  return [frame, drawn];
}

export function Preview({ frame, drawn }: { frame: Ref<HTMLSpanElement>; drawn: Drawn | null }) {
  return (
    <span className="preview" ref={frame} aria-hidden="true">
      {drawn !== null && drawn.width > 0 && (
        <svg viewBox={`0 0 ${drawn.width} ${drawn.height}`} preserveAspectRatio="xMidYMid meet">
          {drawn.wires.map((path_, i) => (
            <path key={i} d={path_} />
          ))}
          {drawn.cards.map(({ x, y, width, height, hue, kind }, i) => (
            <rect key={i} {...{ x, y, width, height }} rx={kind === "node" || kind === "graph" ? 6 : height / 2} className={`preview-${kind}`} style={{ "--hue": hue } as CSSProperties} />
          ))}
        </svg>
      )}
    </span>
  );
}
