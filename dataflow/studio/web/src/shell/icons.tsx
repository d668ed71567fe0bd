/** Icons of 16 pixels, drawn with the colour of the text around them. */
const PATHS = {
  run: "M4.5 2.8v10.4L13 8z",
  stop: "M4 4h8v8H4z",
  pause: "M4 3.5h3v9H4zM9 3.5h3v9H9z",
  undo: "M6 3 2.5 6.5 6 10M3 6.5h6a4 4 0 0 1 0 8H6.5",
  redo: "M10 3l3.5 3.5L10 10M13 6.5H7a4 4 0 0 0 0 8h2.5",
  add: "M8 3v10M3 8h10",
  system: "M2.5 3.5h11v7h-11zM6 13.5h4M8 10.5v3",
  light: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M3 13l1.2-1.2M11.8 4.2 13 3",
  dark: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  right: "M2 8h11M9 4l4 4-4 4",
  down: "M8 2v11M4 9l4 4 4-4",
  side: "M2 3h12v10H2zM10 3v10",
  close: "M4 4l8 8M12 4l-8 8",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  minus: "M3 8h10",
  home: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
} as const;

const FILLED = new Set<string>(["run", "stop", "pause"]);

export function Icon({ name }: { name: keyof typeof PATHS }) {
  const filled = FILLED.has(name);
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      aria-hidden="true"
      fill={filled ? "currentColor" : "none"}
      stroke={filled ? "none" : "currentColor"}
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
