/** What panels draw on the canvas: trend boxes at watched ports, and the SQNR of cards. */
import { ViewportPortal } from "@xyflow/react";
import { useMemo } from "react";
import type { Card, Scene } from "../protocol";
import { useStudio } from "../store";
import { short } from "../values/format";
import { partsOf } from "../values/parts";
import { Sparkline } from "../values/Sparkline";
import { beside, piecesOf, titleOf } from "./place";
import { grade, NO_VALUES, worst } from "../values/quality";
import { fullName, NOTHING } from "./session";

export function Drawn() {
  const scene = useStudio((state) => state.document?.scene);
  const watched = useStudio((state) => (state.session ?? NOTHING).watched);
  const byQuality = useStudio((state) => state.byQuality);
  if (scene === undefined) return null;
  return (
    <ViewportPortal>
      {watched.length > 0 && placed(scene, watched).map((box) => <TrendBox key={box.port} {...box} />)}
      {byQuality && scene.cards.map((card) => <Tint key={card.id} card={card} />)}
    </ViewportPortal>
  );
}

const WIDTH = 168;
const HEIGHT = 54;

interface Box {
  port: string;
  title: string;
  x: number;
  y: number;
}

/** The trend boxes of the ports that are drawn, each beside its card and not over another, nor over a title or, if that can be, a wire. */
function placed({ cards, frames, wires, width, height }: Scene, watched: string[]): Box[] {
  const taken = [...cards, ...frames.map(titleOf), ...wires.flatMap(piecesOf)];
  const picture = { x: -12, y: -60, width: width + 24, height: height + 120 }; // with the margin that fitting leaves
  return cards.flatMap((card) => {
    return watched.flatMap((port) => {
      const right = card.rights.find((each) => each.value_of === port);
      const within = card.folded.find((name) => port.startsWith(`${fullName(name)}.`)); // a variable drawn in the card
      if (right === undefined && within === undefined) return [];
      const place = beside(card, { width: WIDTH, height: HEIGHT }, taken, picture);
      taken.push(place);
      const title = within ?? (card.rights.length > 1 ? `${card.name}.${right!.name}` : card.name);
      return [{ port, title, x: place.x, y: place.y }];
    });
  });
}

function TrendBox({ port, title, x, y }: Box) {
  const trends = useStudio((state) => state.training?.trends);
  const curves = useMemo(() => partsOf(trends ?? {}, port).map(({ trend }) => trend), [trends, port]);
  const mean = useStudio((state) => state.run?.values[port]?.mean);
  return (
    <div className="trend-box" style={{ transform: `translate(${x}px, ${y}px)`, width: WIDTH, height: HEIGHT }}>
      <div className="trend-head">
        <span>{title}</span>
        <b className="value">{curves.length === 0 ? short(mean) : curves.slice(0, 3).map((trend) => short(trend.mean.at(-1), curves.length > 1 ? 3 : 4)).join("  ")}</b>
      </div>
      {curves.length === 0 ? (
        <span className="quiet">drawn while training</span>
      ) : (
        <Sparkline trends={curves} width={WIDTH - 14} height={HEIGHT - 28} />
      )}
    </div>
  );
}

function Tint({ card }: { card: Card }) {
  const sqnr = useStudio((state) => worst(card, state.run?.values ?? NO_VALUES));
  if (sqnr === null) return null;
  return (
    <div
      className={`sqnr ${grade(sqnr)}`}
      style={{ transform: `translate(${card.x}px, ${card.y}px)`, width: card.width, height: card.height }}
    >
      <span>{sqnr.toFixed(1)} dB</span>
    </div>
  );
}
