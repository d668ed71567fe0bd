/** The menu of a right click: the commands that are for what was clicked, as far as they can be done. */
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent } from "react";
import { everyCommand, perform } from "../commands";
import { keysOf, shown } from "../keys";
import { set, useStudio } from "../store";

const close = () => set({ menu: null });

export function Menu() {
  const menu = useStudio((state) => state.menu);
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || menu === null) return;
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(4, Math.min(menu.at[0], innerWidth - width - 8))}px`;
    element.style.top = `${Math.max(4, Math.min(menu.at[1], innerHeight - height - 8))}px`;
    element.querySelector("button")?.focus();
  }, [menu]);
  useEffect(() => {
    if (menu === null) return;
    const outside = (event: Event) => {
      if (!(event.target instanceof Node && box.current?.contains(event.target))) close();
    };
    window.addEventListener("pointerdown", outside, true);
    window.addEventListener("wheel", outside, true);
    return () => {
      window.removeEventListener("pointerdown", outside, true);
      window.removeEventListener("wheel", outside, true);
    };
  }, [menu]);
  if (menu === null) return null;
  const commands = everyCommand().filter(
    (command) => command.menu?.includes(menu.place) === true && command.enabled?.() !== false,
  );
  if (commands.length === 0) return null;
  const walk = (event: KeyboardEvent) => {
    const buttons = [...(box.current?.querySelectorAll("button") ?? [])];
    const at = buttons.findIndex((button) => button === document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) buttons[(at + step + buttons.length) % buttons.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="menu" role="menu" ref={box} onKeyDown={walk}>
      {commands.map((command, i) => (
        <div key={command.id} role="none">
          {i > 0 && commands[i - 1]!.group !== command.group && <hr />}
          <button
            role="menuitem"
            onClick={() => {
              close();
              void perform(command.id);
            }}
          >
            {command.title}
            <kbd>{keysOf(command)[0] !== undefined && shown(keysOf(command)[0]!)}</kbd>
          </button>
        </div>
      ))}
    </div>
  );
}
