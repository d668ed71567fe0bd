/** Five steps through the page, each beside the thing that it tells of; by mouse or by keys. */
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { get, set } from "../store";
import { STEPS, markSeen, placed } from "./tour";
import "./start.css";

export default function Tour() {
  const [at, setAt] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const step = STEPS[at]!;
  const end = () => set({ over: null });
  useEffect(() => {
    markSeen();
    const { side } = get();
    return () => set({ side }); // the tour shows tabs, and leaves the one that was there
  }, []);
  useLayoutEffect(() => {
    if (step.side !== undefined && get().side !== step.side) set({ side: step.side });
    const place = () => {
      const target = document.querySelector(step.anchor)?.getBoundingClientRect();
      const spot = ring.current!.style;
      spot.display = target === undefined ? "none" : "";
      if (target !== undefined) {
        const [left, top] = [Math.max(3, target.left - 5), Math.max(3, target.top - 5)];
        spot.left = `${left}px`;
        spot.top = `${top}px`;
        spot.width = `${Math.min(innerWidth - 3, target.right + 5) - left}px`;
        spot.height = `${Math.min(innerHeight - 3, target.bottom + 5) - top}px`;
      }
      const [x, y] = placed(target ?? null, box.current!.offsetWidth, box.current!.offsetHeight, innerWidth, innerHeight);
      box.current!.style.left = `${x}px`;
      box.current!.style.top = `${y}px`;
    };
    place();
    const soon = setTimeout(place, 120); // the side panel may just be loading
    window.addEventListener("resize", place);
    box.current!.focus();
    return () => {
      clearTimeout(soon);
      window.removeEventListener("resize", place);
    };
  }, [step]);
  const key = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowRight" && at < STEPS.length - 1) setAt(at + 1);
    else if (event.key === "ArrowLeft" && at > 0) setAt(at - 1);
    else if (event.key === "Tab") trap(event, box.current!);
    else return;
    event.stopPropagation();
  };
  return (
    <div className="tour">
      <div className="tour-ring" ref={ring} />
      <div className="tour-box" ref={box} role="dialog" aria-modal="true" aria-labelledby="tour-title" aria-describedby="tour-text" tabIndex={-1} onKeyDown={key}>
        <h2 id="tour-title">{step.title}</h2>
        <p id="tour-text">{step.text}</p>
        <div className="pair">
          <span className="quiet">
            {at + 1} of {STEPS.length}
          </span>
          <span className="actions">
            {at < STEPS.length - 1 && (
              <button type="button" className="button plain" onClick={end}>
                Skip
              </button>
            )}
            {at > 0 && (
              <button type="button" className="button" onClick={() => setAt(at - 1)}>
                Back
              </button>
            )}
            <button type="button" className="button main" onClick={() => (at < STEPS.length - 1 ? setAt(at + 1) : end())}>
              {at < STEPS.length - 1 ? "Next" : "Done"}
            </button>
          </span>
        </div>
      </div>
    </div>
  );
}

/** Tab stays within the box while it lies over the page. */
function trap(event: React.KeyboardEvent, box: HTMLElement): void {
  const buttons = [...box.querySelectorAll("button")];
  const edge = event.shiftKey ? buttons[0] : buttons.at(-1);
  if (document.activeElement !== edge && document.activeElement !== box) return;
  (event.shiftKey ? buttons.at(-1) : buttons[0])?.focus();
  event.preventDefault();
}
