/** Buttons to zoom and fit, and how large the picture is. */
import { useEffect, useRef } from "react";
import { Button } from "../shell/Button";
import { Icon } from "../shell/icons";
import { useStudio } from "../store";
import { follow } from "./camera";

export function Zoom() {
  const open = useStudio(({ document }) => document !== null);
  return open && <Buttons />;
}

function Buttons() {
  const percent = useRef<HTMLSpanElement>(null);
  useEffect(
    () =>
      follow(({ zoom }) => {
        if (percent.current !== null) percent.current.textContent = `${Math.round(zoom * 100)} %`;
      }),
    [],
  );
  return (
    <div className="zoom">
      <Button command="view.smaller" kind="plain">
        <Icon name="minus" />
      </Button>
      <span ref={percent} className="percent" />
      <Button command="view.larger" kind="plain">
        <Icon name="add" />
      </Button>
      <Button command="view.fit" kind="plain">
        <Icon name="fit" />
      </Button>
    </div>
  );
}
