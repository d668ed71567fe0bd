/** A few ways of showing one thing, one chosen: by click, or by the arrow keys. */
import type { KeyboardEvent } from "react";

export function Tabs({ label, tabs, at, to }: {
  label: string;
  tabs: { id: string; title: string }[];
  at: string;
  to: (id: string) => void;
}) {
  const walk = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = (tabs.findIndex((tab) => tab.id === at) + step + tabs.length) % tabs.length;
    to(tabs[next]!.id);
    (event.currentTarget.children[next] as HTMLElement).focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="switch" role="radiogroup" aria-label={label} onKeyDown={walk}>
      {tabs.map(({ id, title }) => (
        <button
          key={id}
          type="button"
          className="button"
          role="radio"
          aria-checked={id === at}
          tabIndex={id === at ? 0 : -1}
          onClick={() => to(id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
