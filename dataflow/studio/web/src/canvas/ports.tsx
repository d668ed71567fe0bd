/** The ports of a card: dot, name, and what comes in or goes out. Each looks only at its own value. */
import { memo, type CSSProperties, type PointerEvent } from "react";
import type { LeftPort as Left, RightPort as Right } from "../protocol";
import { openLiteral, set, useStudio } from "../store";
import { jumpAlong } from "./jumps";
import { useProblems, useTroubledPort } from "./problems";
import { isFolded } from "./scene";
import { setCanvas, useCanvas, key, type End } from "./state";
import { OutputValue, shapeText, Value, WireQuality } from "./Value";
import { pull } from "./pulling";
import { tip } from "./tip";

/** The classes of a port while a wire is drawn or refused. */
function useVerdict(end: End): string {
  const own = key(end);
  return useCanvas(({ wiring, refused }) => {
    if (wiring !== null) {
      const over = wiring.over !== null && key(wiring.over) === own;
      const verdict = wiring.verdicts.get(own);
      if (key(wiring.from) === own) return "wiring";
      return verdict === undefined ? "" : `${verdict === "" ? "fits" : "unfit"}${over ? " over" : ""}`;
    }
    return refused !== null && key(refused.end) === own ? "refused" : "";
  });
}

function useLit(value: string): boolean {
  return useCanvas(({ lit }) => lit !== "" && lit === value);
}

const useFocused = (end: End): boolean => useStudio(({ focused }) => focused !== null && key(focused) === key(end));

/** Pull a wire from where the mouse is pressed. */
const pressed = (end: End) => (event: PointerEvent) => {
  if (event.button !== 0 || event.ctrlKey || event.metaKey) return;
  event.stopPropagation();
  pull(end, event.nativeEvent);
};

const light = (value: string) => ({
  onPointerEnter: () => setCanvas({ lit: value }),
  onPointerLeave: () => setCanvas({ lit: "" }),
});

const place = ({ x, y }: { x: number; y: number }): CSSProperties => ({ left: x, top: y });

interface DotGiven {
  end: End;
  port: Left | Right;
  kind: string;
  label: string;
}

/** The dot of a port, from which wires are pulled; it is what the keyboard focuses. */
function Dot({ end, port, kind, label }: DotGiven) {
  const focused = useFocused(end);
  return (
    <div
      className={`pin-dot nodrag nopan ${kind}`}
      style={place(port)}
      role="button"
      tabIndex={focused ? 0 : -1}
      aria-label={label}
      data-port={key(end)}
      onPointerDown={pressed(end)}
      onFocus={() => set({ focused: end })}
      onPointerEnter={(event) => {
        event.currentTarget.title = tip(end);
        setCanvas({ lit: port.value_of });
      }}
      onPointerLeave={() => setCanvas({ lit: "" })}
    />
  );
}

interface LeftGiven {
  card: string;
  port: Left;
  output: string; // of the graph, whose one port it is; else ""
}

export const LeftPort = memo(function LeftPort({ card, port, output }: LeftGiven) {
  const end: End = { card, port: port.name, side: "left" };
  const verdict = useVerdict(end);
  const troubled = useTroubledPort(card, port.name);
  const lit = useLit(port.value_of);
  const classes = ["pin left", port.family, verdict, troubled && "troubled", lit && "lit"].filter(Boolean).join(" ");
  const filled = port.wire !== "" || isFolded(port);
  return (
    <div className={classes}>
      <Dot end={end} port={port} kind={filled ? "filled" : port.optional ? "optional" : "hollow"} label={spoken(card, port)} />
      <div className="pin-row" style={{ top: port.row }}>
        {output === "" && <span className={port.optional && !filled && port.chip === null ? "label faint" : "label"}>{port.name}</span>}
        {port.chip !== null && <Chip card={card} port={port} chip={port.chip} />}
        {output !== "" && <OutputValue name={output} value={port.value_of} />}
      </div>
    </div>
  );
});

function spoken(card: string, { name, wire, chip }: Left): string {
  const comes = chip?.kind === "asked" ? `a value is to be written, ${chip.text}` : chip !== null ? `${chip.kind} ${chip.text}` : wire !== "" ? `wired to ${wire}` : "not wired";
  return `input ${name} of ${card}, ${comes}`;
}

const DRAG = "Drag, or press W, to draw another wire from it.";
const TIPS = { wire: `${DRAG} Click to go to where it comes from.`, variable: `${DRAG} Click to draw this variable as a card.`, constant: `${DRAG} Click to draw this constant as a card.`, literal: "Change the value", param: "Change the value, or the parameter", asked: "Write a value here" };

/** What comes in, where no wire leads: a value that is typed, or a source, from which wires are pulled as from an output. */
function Chip({ card, port, chip }: { card: string; port: Left; chip: NonNullable<Left["chip"]> }) {
  const end: End = { card, port: port.name, side: "chip" };
  const verdict = useVerdict(end);
  const focused = useFocused(end);
  const [problem] = useProblems(isFolded(port) ? port.wire.split(".", 1)[0]! : "");
  const click = (event: React.MouseEvent) => {
    event.stopPropagation();
    if (port.wire === "") {
      const { left, bottom } = event.currentTarget.getBoundingClientRect();
      openLiteral({ node: card, port: port.name, at: [left, bottom] });
    } else void jumpAlong(port);
  };
  return (
    <button
      className={`feed nodrag nopan feed-${chip.kind} ${problem ? "wrong" : ""} ${verdict}`}
      tabIndex={focused ? 0 : -1}
      title={problem?.message ?? TIPS[chip.kind]}
      onClick={click}
      {...(port.wire !== "" && {
        "aria-label": `${chip.kind} ${chip.text}, a source of wires${problem ? ", has a problem" : ""}`,
        "data-port": key(end),
        onFocus: () => set({ focused: end }),
        onPointerDown: pressed(end),
      })}
      {...(port.value_of !== "" && light(port.value_of))}
    >
      {chip.text}
    </button>
  );
}

interface RightGiven {
  card: string;
  port: Right;
  named: boolean;
  pill: boolean;
}

export const RightPort = memo(function RightPort({ card, port, named, pill }: RightGiven) {
  const end: End = { card, port: port.name, side: "right" };
  const verdict = useVerdict(end);
  const lit = useLit(port.value_of);
  const classes = ["pin right", port.family, verdict, lit && "lit"].filter(Boolean).join(" ");
  return (
    <div className={classes}>
      <Dot end={end} port={port} kind="filled" label={`output ${port.name} of ${card}, ${port.type === "" ? "type not known" : port.type}`} />
      <div className="pin-row" style={{ top: port.row }}>
        {pill ? (
          <span className="type">{shapeText(port.type)}</span>
        ) : (
          <>
            {named && <span className="label">{port.name}</span>}
            <Value port={port} />
            {port.tags > 0 && <Tags port={port} />}
          </>
        )}
      </div>
      <WireQuality port={port} />
    </div>
  );
});

function Tags({ port }: { port: Right }) {
  return (
    <button
      className="tags nodrag nopan"
      tabIndex={-1}
      title={`${port.tags} ${port.tags === 1 ? "reader" : "readers"} that no wire leads to: go to the next`}
      onClick={(event) => {
        event.stopPropagation();
        void jumpAlong(port);
      }}
      {...light(port.value_of)}
    >
      ⇢{port.tags}
    </button>
  );
}
