/** The frame of the page: where everything stands, whatever it is. */
import { Suspense, useEffect, useRef } from "react";
import { Canvas } from "./canvas/Canvas";
import { Menu } from "./shell/Menu";
import { Pieces } from "./shell/Pieces";
import { SidePanel } from "./shell/SidePanel";
import { Splitter, useWidth } from "./shell/Splitter";
import { StatusBar } from "./shell/StatusBar";
import { TopBar } from "./shell/TopBar";
import { overlay, textPane } from "./slots";
import { useStudio } from "./store";

export function App() {
  const open = useStudio((state) => state.document !== null);
  const side = useStudio((state) => state.side !== null);
  const text = useStudio((state) => state.text);
  return (
    <div className="app">
      <TopBar />
      <div>
        <Pieces of="banner" />
      </div>
      <div className="work">
        <main className="canvas" aria-label="Graph">
          {open ? <Canvas /> : <Nothing />}
          <div className="notices">
            <Pieces of="notices" />
          </div>
        </main>
        {text && open && <TextSlot />}
        {side && open && <SidePanel />}
      </div>
      <StatusBar />
      <Overlay />
      <Menu />
      <Announcer />
    </div>
  );
}

function Nothing() {
  const connected = useStudio((state) => state.connected);
  return (
    <div className="empty">
      {connected ? <Pieces of="empty" /> : <p>Waiting for the server: is `dataflow studio` still running?</p>}
    </div>
  );
}

function TextSlot() {
  const [width, setWidth] = useWidth("text", 440);
  const Pane = textPane();
  return (
    <section className="pane" aria-label="Text of the file" style={{ width }}>
      <Splitter width={width} change={setWidth} label="Width of the text" />
      <Suspense fallback={null}>{Pane !== null && <Pane />}</Suspense>
    </section>
  );
}

/** What lies over the page; what had the focus gets it back when it is closed. */
function Overlay() {
  const over = useStudio((state) => state.over);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    if (over === null) return;
    before.current = document.activeElement;
    return () => {
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    };
  }, [over]);
  const Shown = over === null ? undefined : overlay(over);
  return <Suspense fallback={null}>{Shown !== undefined && <Shown />}</Suspense>;
}

function Announcer() {
  const announced = useStudio((state) => state.announced);
  return (
    <div className="unseen" role="status" aria-live="polite">
      {announced}
    </div>
  );
}
