/** The wires between cards, and the frames behind them: one layer below the cards, which moves along with them. */
import { memo, type MouseEvent } from "react";
import type { Card, Frame, Wire } from "../protocol";
import { get, openPalette, set, useStudio } from "../store";
import { curve, dot, overlap, wireBox } from "./geometry";
import { cardsById, sourceOf } from "./scene";
import { setCanvas, useCanvas } from "./state";
import { grade } from "../values/quality";
import { into } from "./wire";

export function Frames() {
  const frames = useStudio(({ document }) => document?.scene.frames);
  const near = useCanvas((state) => state.near);
  return (
    <div className="frames">
      {frames?.map((frame) => overlap(frame, near) && <FrameBox key={frame.id} frame={frame} />)}
    </div>
  );
}

const FrameBox = memo(function FrameBox({ frame }: { frame: Frame }) {
  const { id, title, x, y, width, height } = frame;
  return (
    <section className="frame" aria-label={title} style={{ left: x, top: y, width, height }}>
      {title !== "" && (
        <h3 title="Select what is in it" onClick={() => select(id)}>
          {title}
        </h3>
      )}
    </section>
  );
});

/** Select the cards of a frame. */
function select(frame: string): void {
  const cards = get().document?.scene.cards.filter((card) => card.frame === frame) ?? [];
  set({ selected: cards.map(({ id }) => id) });
}

export function Wires() {
  const scene = useStudio(({ document }) => document?.scene);
  const down = useStudio(({ document }) => document?.view.direction === "down");
  const near = useCanvas((state) => state.near);
  if (scene === undefined) return null;
  const cards = cardsById(scene);
  return (
    <svg className="wires" width="1" height="1" role="presentation">
      {scene.wires.map((wire) => {
        const source = cards.get(wire.source[0]);
        const target = cards.get(wire.target[0]);
        if (source === undefined || target === undefined || !overlap(wireBox(wire), near)) return null;
        return <WirePath key={wire.id} wire={wire} source={source} target={target} down={down} />;
      })}
    </svg>
  );
}

interface Given {
  wire: Wire;
  source: Card;
  target: Card;
  down: boolean;
}

const WirePath = memo(function WirePath({ wire, source, target, down }: Given) {
  const value = sourceOf(wire, source);
  const from = useCanvas(({ moved }) => moved[source.id]);
  const to = useCanvas(({ moved }) => moved[target.id]);
  const mark = useCanvas(({ wire: selected, splice, cut }) =>
    cut?.has(wire.id) === true ? "cut" : splice === wire.id ? "spliced" : selected === wire.id ? "selected" : "",
  );
  const lit = useCanvas(({ lit }) => lit !== "" && lit === value);
  const sqnr = useStudio(({ run }) => grade(run?.values[value]?.quality?.sqnr));
  const start = dot(source, { port: wire.source[1], side: "right" }, from);
  const end = dot(target, { port: wire.target[1], side: "left" }, to);
  const path = (from === undefined && to === undefined) || start === null || end === null ? wire.path : curve(start, end, down);
  const click = (event: MouseEvent) => {
    event.stopPropagation();
    set({ selected: [] });
    setCanvas({ wire: wire.id });
  };
  const doubled = (event: MouseEvent) => {
    event.stopPropagation();
    if (get().document?.readonly === "") openPalette({ at: [event.clientX, event.clientY], from: into(wire) });
  };
  const menu = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
    click(event);
    set({ menu: { at: [event.clientX, event.clientY], place: "wire" } });
  };
  const classes = ["wire", wire.family, wire.gradient && "gradient", mark, lit && "lit", sqnr].filter(Boolean).join(" ");
  return (
    <g className={classes} data-wire={wire.id}>
      <path className="halo" d={path} />
      <path className="stroke" d={path} />
      <path className="hit" d={path} onClick={click} onDoubleClick={doubled} onContextMenu={menu} />
    </g>
  );
});

/** The wire that is being drawn, and the line that cuts wires. */
export function LooseWire() {
  const wiring = useCanvas((state) => state.wiring);
  const scene = useStudio(({ document }) => document?.scene);
  const down = useStudio(({ document }) => document?.view.direction === "down");
  if (wiring === null || scene === undefined) return null;
  const cards = cardsById(scene);
  const { from, start, over, at } = wiring;
  const card = over === null ? undefined : cards.get(over.card);
  const loose = (card && dot(card, over!)) ?? at;
  const path = from.side === "left" ? curve(loose, start, down) : curve(start, loose, down);
  return (
    <svg className="loose" width="1" height="1" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
