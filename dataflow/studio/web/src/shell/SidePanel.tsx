/** The panel beside the canvas: one tab of those that the parts of the page have added. */
import { Suspense, useEffect, type KeyboardEvent } from "react";
import { everyTab } from "../slots";
import { set, useStudio } from "../store";
import { Splitter, useWidth } from "./Splitter";

export function SidePanel() {
  const side = useStudio((state) => state.side);
  const [width, setWidth] = useWidth("side", 336);
  const tabs = everyTab();
  useEffect(() => {
    void document.getElementById(`tab-${side}`)?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }, [side]);
  const shown = tabs.find((tab) => tab.id === side) ?? tabs[0];
  if (shown === undefined) return null;
  const Body = shown.component;
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(shown) + step + tabs.length) % tabs.length]!;
    set({ side: next.id });
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <aside className="side" aria-label="Details" style={{ width }}>
      <Splitter width={width} change={setWidth} label="Width of the details" />
      <div className="tabs" role="tablist" aria-label="Details" onKeyDown={walk}>
        {tabs.map(({ id, title, badge: Badge }) => (
          <button
            key={id}
            id={`tab-${id}`}
            className="tab"
            role="tab"
            aria-selected={id === shown.id}
            aria-controls="side-body"
            tabIndex={id === shown.id ? 0 : -1}
            onClick={() => set({ side: id })}
          >
            {title} {Badge !== undefined && <Badge />}
          </button>
        ))}
      </div>
      <div className="body" id="side-body" role="tabpanel" aria-labelledby={`tab-${shown.id}`} tabIndex={-1}>
        <Suspense fallback={null}>
          <Body />
        </Suspense>
      </div>
    </aside>
  );
}
