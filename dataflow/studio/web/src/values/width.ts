/** The width that an element has on the page, followed as it changes. */
import { useCallback, useRef, useState, type RefCallback } from "react";

export function useWidth(first = 280): [RefCallback<HTMLElement>, number] {
  const [width, setWidth] = useState(first);
  const observer = useRef<ResizeObserver | null>(null);
  const frame = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    observer.current = null;
    if (element === null || typeof ResizeObserver === "undefined") return;
    observer.current = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    observer.current.observe(element);
  }, []);
  return [frame, width];
}
