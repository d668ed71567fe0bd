/** A card of the scene: a node, or a pill for an input or output. It is drawn again only when its own data change. */
import type { Node, NodeProps } from "@xyflow/react";
import { memo, type CSSProperties } from "react";
import type { Card as CardData } from "../protocol";
import { useStudio } from "../store";
import { LeftPort, RightPort } from "./ports";
import { NodeState } from "./NodeState";
import { useProblems } from "./problems";
import { useCanvas } from "./state";

export type CardNode = Node<{ card: CardData }, "card">;

export const CardView = memo(function CardView({ data: { card }, selected }: NodeProps<CardNode>) {
  const pill = card.kind === "input" || card.kind === "output";
  const problems = useProblems(card.id);
  const bypassed = useStudio(({ session }) => session?.bypassed.includes(card.id) === true);
  const frozen = useStudio(({ session }) => session?.frozen[card.id]);
  const spliced = useCanvas((state) => state.splice !== null && card.id in state.moved);
  const classes = [
    pill ? "pill" : "card",
    card.kind,
    selected && "selected",
    card.gradient && "gradient",
    problems.length > 0 && "failing",
    card.wrong && problems.length === 0 && "behind",
    bypassed && "bypassed",
    frozen !== undefined && "frozen",
    spliced && "spliced",
  ];
  return (
    <div
      className={classes.filter(Boolean).join(" ")}
      style={{ "--hue": card.hue, "--fit": `${widest(card)}px` } as CSSProperties}
      title={pill && card.doc !== "" ? card.doc : undefined}
    >
      {pill ? <PillBody card={card} /> : <CardBody card={card} />}
      {card.lefts.map((port) => (
        <LeftPort key={port.name} card={card.id} port={port} unnamed={pill} />
      ))}
      {card.rights.map((port) => (
        <RightPort key={port.name} card={card.id} port={port} named={card.rights.length > 1} pill={pill} />
      ))}
      {problems.length > 0 && (
        <span className="badge" aria-hidden="true">
          !
        </span>
      )}
    </div>
  );
});

/** The size of letters in which the name fills the card, for when nothing else of it can be read. */
const widest = ({ name, width }: CardData): number => Math.floor((width - 16) / (0.66 * Math.max(name.length, 1)));

function CardBody({ card }: { card: CardData }) {
  return (
    <>
      <div className="head" title={card.doc === "" ? card.block : `${card.block}: ${card.doc}`}>
        <span className="name">{card.name}</span>
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

function PillBody({ card }: { card: CardData }) {
  return <span className="name">{card.name}</span>;
}
