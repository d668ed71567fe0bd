/** The picture of the graph, to be worked on: React Flow moves and selects the cards, the rest is drawn below them. */
import "@xyflow/react/dist/base.css";
import "./canvas.css";
import { ReactFlow, ReactFlowProvider, SelectionMode, ViewportPortal, type Viewport } from "@xyflow/react";
import { useEffect, useLayoutEffect, useRef, type MouseEvent, type PointerEvent } from "react";
import { perform } from "../commands";
import { Button } from "../shell/Button";
import { Pieces } from "../shell/Pieces";
import { get, openPalette, set, useStudio } from "../store";
import { fit, hold, LEAST, looked, MOST, moved, resized, reveal, scenePoint, steady } from "./camera";
import { Callouts } from "./Callout";
import { CardView, type CardNode } from "./Card";
import { dragged, released } from "./dragging";
import { FarView } from "./FarView";
import { holds } from "./geometry";
import { enter } from "./jumps";
import { changed, useNodes } from "./nodes";
import { Overview } from "./Overview";
import { cutting } from "./pulling";
import { getCanvas, setCanvas, useCanvas } from "./state";
import { Frames, LooseWire, Wires } from "./Wires";

const NODE_TYPES = { card: CardView };
const NO_EDGES: never[] = [];
const FITTED = { padding: 0 };
const MULTIPLE = ["Shift", "Control", "Meta"];
const LICENCE = { hideAttribution: true };

export function Canvas() {
  return (
    <ReactFlowProvider>
      <Flow />
    </ReactFlowProvider>
  );
}

function Flow() {
  const frame = useRef<HTMLDivElement>(null);
  const nodes = useNodes();
  const editable = useStudio(({ document }) => document?.readonly === "");
  const empty = useStudio(({ document }) => document?.scene.cards.length === 0 && document.readonly === "");
  const running = useStudio(({ run }) => run?.state === "running");
  const wiring = useCanvas((state) => state.wiring !== null);
  const cut = useCanvas((state) => state.cut !== null);
  const far = useCanvas(({ level }) => level === "far");
  useFittedAgain();
  useResized(frame);
  const classes = ["ground", running && "running", wiring && "wiring", cut && "cutting"];
  return (
    <div
      ref={frame}
      className={classes.filter(Boolean).join(" ")}
      data-zoom="all"
      tabIndex={0}
      aria-label="Canvas"
      role="region"
      onPointerDownCapture={down}
      onMouseDownCapture={held}
      onContextMenu={menu}
      onDoubleClick={doubled}
      onFocus={(event) => came(event.target)}
    >
      <ReactFlow<CardNode>
        nodes={nodes}
        edges={NO_EDGES}
        nodeTypes={NODE_TYPES}
        onNodesChange={changed}
        onInit={(instance) => {
          hold(instance, frame.current);
          fit(false);
        }}
        onMove={(_, viewport: Viewport) => moved(viewport)}
        onNodeMouseEnter={entered}
        onNodeMouseLeave={left}
        onNodeDoubleClick={(_, { id }) => void perform(() => enter(id))}
        onNodeDrag={(event) => "clientX" in event && dragged(event.clientX, event.clientY)}
        onNodeDragStop={(event) => void perform(() => released(event.altKey))}
        onPaneClick={() => setCanvas({ wire: null, refused: null })}
        fitViewOptions={FITTED}
        minZoom={LEAST}
        maxZoom={MOST}
        nodesDraggable={editable}
        nodesConnectable={false}
        edgesFocusable={false}
        onlyRenderVisibleElements
        disableKeyboardA11y
        deleteKeyCode={null}
        panActivationKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={MULTIPLE}
        selectionMode={SelectionMode.Partial}
        zoomOnDoubleClick={false}
        nodeDragThreshold={3}
        proOptions={LICENCE}
      >
        <ViewportPortal>
          {!far && <Frames />}
          {!far && <Wires />}
          <LooseWire />
        </ViewportPortal>
        <Pieces of="canvas" />
      </ReactFlow>
      {far && <FarView />}
      {empty && <Hint />}
      <Overview />
      <Callouts />
    </div>
  );
}

function Hint() {
  return (
    <p className="nothing-yet">
      Nothing here yet. <Button command="view.palette" keys /> or double-click where it should be.
    </p>
  );
}

/** Fit the picture into the window when another one is shown. */
function useFittedAgain(): void {
  const shown = useStudio(({ document }) => document && `${document.path} ${document.view.scope} ${document.view.layer} ${document.view.direction}`);
  const first = useRef(shown);
  const scene = useStudio(({ document }) => document?.scene);
  const last = useRef(scene);
  useLayoutEffect(() => {
    if (scene !== undefined && last.current !== undefined && shown === first.current) steady(last.current, scene);
    last.current = scene;
    looked();
  }, [scene, shown]);
  useEffect(() => {
    setCanvas({ moved: {}, wiring: null, refused: null, wire: null, splice: null, cut: null });
    if (shown !== first.current) fit(false);
    first.current = shown;
  }, [shown]);
  const version = useStudio(({ document }) => document?.version);
  useEffect(() => setCanvas({ refused: null }), [version]); // mends are for the text that was
}

/** Keep what depends on the size of the window. */
function useResized(frame: React.RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const observer = new ResizeObserver(() => resized());
    if (frame.current !== null) observer.observe(frame.current);
    if (document.activeElement === document.body) frame.current?.focus({ preventScroll: true });
    return () => {
      observer.disconnect();
      hold(null, null);
    };
  }, [frame]);
}

/** The keyboard came to the canvas, or to a card, which it selects so that the panel shows it. */
function came(target: Element): void {
  if (target.matches(".ground")) set({ focused: null });
  const card = target.matches(".react-flow__node:focus-visible") ? (target as HTMLElement).dataset.id : undefined;
  if (card === undefined) return;
  set({ focused: null });
  reveal(card, false);
}

const REST = 500; // milliseconds after which the mouse is meant to be on a card, not on its way
let resting = 0;

/** The mouse came to a card, and not with a wire or another card. */
function entered({ buttons }: MouseEvent, { id }: CardNode): void {
  clearTimeout(resting);
  if (buttons === 0) resting = window.setTimeout(() => setCanvas({ hovered: id }), REST);
}

function left(): void {
  clearTimeout(resting);
  setCanvas({ hovered: null });
}

/** On the empty canvas, not on a card or wire. */
const isGround = (target: EventTarget): boolean =>
  target instanceof Element && target.matches(".react-flow__pane, .ground, .far");

/** A double click on the empty canvas opens the palette there; from far away it goes to the card that it meets. */
function doubled(event: MouseEvent): void {
  if (!isGround(event.target)) return;
  const [x, y] = scenePoint(event.clientX, event.clientY);
  const far = getCanvas().level === "far";
  const card = far ? get().document?.scene.cards.find((each) => holds(each, { x, y, width: 0, height: 0 })) : undefined;
  if (card !== undefined) reveal(card.id);
  else if (get().document?.readonly === "") openPalette({ at: [event.clientX, event.clientY], from: null });
}

/** With Ctrl held the mouse cuts wires rather than moves the canvas. */
function down(event: PointerEvent): void {
  setCanvas({ refused: null });
  if (event.button !== 0 || !(event.ctrlKey || event.metaKey) || !isGround(event.target)) return;
  event.stopPropagation();
  cutting(event.nativeEvent);
}

/** React Flow pans by mouse events, which come beside the pointer's. */
function held(event: MouseEvent): void {
  if (event.button === 0 && (event.ctrlKey || event.metaKey) && isGround(event.target)) event.stopPropagation();
}

function menu(event: MouseEvent): void {
  const target = event.target as Element;
  if (target.closest("input, textarea") !== null) return;
  event.preventDefault();
  const card = target.closest<HTMLElement>(".react-flow__node")?.dataset.id;
  const port = target.closest<HTMLElement>("[data-port]");
  const at: [number, number] = [event.clientX, event.clientY];
  if (card !== undefined) set(({ selected }) => (selected.includes(card) ? {} : { selected: [card] }));
  port?.focus();
  set({ menu: { at, place: port !== null ? "port" : card !== undefined ? "card" : "canvas" } });
}
