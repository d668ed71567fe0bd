/** A card of the scene: a node, or a pill for an input or output. It is drawn again only when its own data change. */
import type { Node, NodeProps } from "@xyflow/react";
import { memo, type CSSProperties } from "react";
import type { Card as CardData } from "../protocol";
import { useStudio } from "../store";
import { filling } from "./naming";
import { LeftPort, RightPort } from "./ports";
import { NodeState } from "./NodeState";
import { unfinished, useProblems } from "./problems";
import { useCanvas } from "./state";

export type CardNode = Node<{ card: CardData }, "card">;

/** A card that is only moved is not drawn again: React Flow moves what is around it. */
const alike = (before: NodeProps<CardNode>, after: NodeProps<CardNode>): boolean =>
  before.data.card === after.data.card && before.selected === after.selected;

export const CardView = memo(function CardView({ data: { card }, selected }: NodeProps<CardNode>) {
  const pill = card.kind === "input" || card.kind === "output";
  const problems = useProblems(card.id);
  const bypassed = useStudio(({ session }) => session?.bypassed.includes(card.id) === true);
  const frozen = useStudio(({ session }) => session?.frozen[card.id]);
  const spliced = useCanvas((state) => state.splice !== null && card.id in state.moved);
  const name = filling(card.name, card.width, card.height);
  const classes = [
    pill ? "pill" : "card",
    card.kind,
    selected && "selected",
    card.gradient && "gradient",
    problems.length > 0 && "failing",
    unfinished(problems) && "unfinished",
    card.wrong && problems.length === 0 && "behind",
    bypassed && "bypassed",
    frozen !== undefined && "frozen",
    spliced && "spliced",
  ];
  return (
    <div
      className={classes.filter(Boolean).join(" ")}
      style={{ "--hue": card.hue, "--fit": `${name.size}px` } as CSSProperties}
      title={pill && card.doc !== "" ? card.doc : undefined}
    >
      {pill ? <Name lines={name.lines} /> : <CardBody card={card} lines={name.lines} />}
      {card.lefts.map((port) => (
        <LeftPort key={port.name} card={card.id} port={port} output={pill ? card.name : ""} />
      ))}
      {card.rights.map((port) => (
        <RightPort key={port.name} card={card.id} port={port} named={card.rights.length > 1} pill={pill} />
      ))}
      {problems.length > 0 && (
        <span className="badge" aria-hidden="true">
          {unfinished(problems) ? "…" : "!"}
        </span>
      )}
    </div>
  );
}, alike);

/** What the head of a card tells under the mouse: its name where that is cut, its block and what that does. */
const tipOf = ({ id, name, block, doc }: CardData): string => `${id === name ? "" : `${id}\n`}${block}${doc === "" ? "" : `: ${doc}`}`;

function CardBody({ card, lines }: { card: CardData; lines: string[] }) {
  return (
    <>
      <div className="head" title={tipOf(card)}>
        <Name lines={lines} />
        <NodeState card={card} />
        <span className="block">{card.block}</span>
      </div>
      {(card.attrs.length > 0 || card.notes.length > 0) && (
        <div className="below">
          {card.attrs.length > 0 && (
            <p className="attrs">
              {card.attrs.map(({ name, text, param }, i) => (
                <span key={name}>
                  {i > 0 && " · "}
                  {name} <span className={param ? "param" : "written"}>{text}</span>
                </span>
              ))}
            </p>
          )}
          {card.notes.map((note) => (
            <p key={note} className="note">
              {note}
            </p>
          ))}
        </div>
      )}
    </>
  );
}

/** A name, which may be broken between its parts where the card is small. */
function Name({ lines }: { lines: string[] }) {
  return (
    <span className="name">
      {lines[0]}
      {lines.length > 1 && (
        <>
          <wbr />
          {lines[1]}
        </>
      )}
    </span>
  );
}
