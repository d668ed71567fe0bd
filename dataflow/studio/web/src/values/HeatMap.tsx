/** A value as a picture: a matrix, an image, or tiles of them, with the element under the pointer or the keys read out. */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useAsked } from "../asked";
import type { Picture } from "../protocol";
import { type Cell, cellAt, colours, decoded, layout, valueAt, type Layout } from "./heat";
import { short } from "./format";
import { Slices } from "./Slices";
import { useWidth } from "./width";

export function HeatMap({ port, again }: { port: string; again: unknown }) {
  const [at, setAt] = useState<Record<string, number>>({});
  const { answer, refused } = useAsked("picture", { port, at }, again);
  const [frame, width] = useWidth();
  return (
    <div className="heat" ref={frame}>
      {refused && <p className="quiet">{refused}</p>}
      {answer && <Slices dims={answer.dims} set={(dim, index) => setAt({ ...at, [dim]: index })} />}
      {answer && <Tiles picture={answer} width={width} />}
    </div>
  );
}

function Tiles({ picture, width }: { picture: Picture; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cell, setCell] = useState<Cell | null>(null);
  const bytes = useMemo(() => decoded(picture.data), [picture]);
  const made = useMemo(() => layout(picture, width, 260), [picture, width]);
  useEffect(() => {
    if (canvas.current) draw(canvas.current, picture, bytes, made);
  }, [picture, bytes, made]);
  const point = (event: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    setCell(cellAt(picture, made, event.clientX - box.left, event.clientY - box.top));
  };
  const key = (event: KeyboardEvent) => {
    const moved = beside(cell ?? { tile: 0, row: 0, column: 0 }, event.key, picture);
    if (moved === null) return;
    setCell(moved);
    event.preventDefault();
    event.stopPropagation();
  };
  const told = cell && `${short(valueAt(picture, bytes, cell), 3)} at ${place(picture, cell)}`;
  return (
    <>
      <div className="heat-scroll">
        <div className="heat-tiles" style={{ width: made.width, height: made.height }}>
          <canvas
            ref={canvas}
            tabIndex={0}
            role="img"
            aria-label={`Heat map of ${picture.tiles} × ${picture.rows} × ${picture.columns} elements from ${short(picture.low)} to ${short(picture.high)}${told ? `; ${told}` : ""}`}
            onPointerMove={point}
            onPointerLeave={() => setCell(null)}
            onBlur={() => setCell(null)}
            onKeyDown={key}
          />
          {cell && <Marker cell={cell} made={made} />}
        </div>
      </div>
      <p className="quiet told" aria-live="polite">
        {told ? `≈ ${told}` : `${picture.tiles > 1 ? `${picture.tiles} tiles of ` : ""}${picture.rows} × ${picture.columns}`}
      </p>
      <Legend low={picture.low} high={picture.high} />
    </>
  );
}

function Marker({ cell, made }: { cell: Cell; made: Layout }) {
  const side = Math.max(made.cell, 5);
  const off = (side - made.cell) / 2;
  return (
    <span
      className="heat-marker"
      style={{
        left: (cell.tile % made.across) * (made.tileWidth + made.gap) + cell.column * made.cell - off,
        top: Math.floor(cell.tile / made.across) * (made.tileHeight + made.gap) + cell.row * made.cell - off,
        width: side,
        height: side,
      }}
    />
  );
}

function Legend({ low, high }: { low: number; high: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const row = context.createImageData(256, 1);
    colours(low, high).forEach((colour, i) => row.data.set([...colour, 255], 4 * i));
    context.putImageData(row, 0, 0);
  }, [low, high]);
  return (
    <div className="heat-legend" aria-hidden="true">
      <span>{short(low, 3)}</span>
      <canvas ref={canvas} width={256} height={1} />
      <span>{short(high, 3)}</span>
    </div>
  );
}

const place = (picture: Picture, { tile, row, column }: Cell): string =>
  `row ${row}, column ${column}${picture.tiles > 1 ? `, ${tileName(picture, tile)}` : ""}`;

/** What a tile is of; by its number where it has no other name. */
const tileName = ({ labels }: Picture, tile: number): string => (/\D/.test(labels[tile] ?? "") ? labels[tile]! : `tile ${labels[tile] ?? tile}`);

/** The cell that a key leads to; past the edge of a tile, the one in the next. */
function beside(cell: Cell, key: string, { rows, columns, tiles }: Picture): Cell | null {
  const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  if (move === undefined) return null;
  const row = Math.min(rows - 1, Math.max(0, cell.row + move[0]!));
  const column = cell.column + move[1]!;
  if (column < 0) return cell.tile > 0 ? { tile: cell.tile - 1, row, column: columns - 1 } : { ...cell, row };
  if (column >= columns) return cell.tile < tiles - 1 ? { tile: cell.tile + 1, row, column: 0 } : { ...cell, row };
  return { ...cell, row, column };
}

/** Paint the tiles: each as an image of one pixel per element, enlarged without smoothing. */
function draw(canvas: HTMLCanvasElement, picture: Picture, bytes: Uint8Array, made: Layout): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(made.width * ratio));
  canvas.height = Math.max(1, Math.round(made.height * ratio));
  canvas.style.width = `${made.width}px`;
  canvas.style.height = `${made.height}px`;
  const context = canvas.getContext("2d");
  const tile = document.createElement("canvas");
  tile.width = picture.columns;
  tile.height = picture.rows;
  const small = tile.getContext("2d");
  if (!context || !small) return;
  const palette = colours(picture.low, picture.high);
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = made.cell < 1;
  const size = picture.rows * picture.columns;
  for (let i = 0; i < picture.tiles; i += 1) {
    const image = small.createImageData(picture.columns, picture.rows);
    for (let j = 0; j < size; j += 1) image.data.set([...palette[bytes[i * size + j] ?? 0]!, 255], 4 * j);
    small.putImageData(image, 0, 0);
    const x = (i % made.across) * (made.tileWidth + made.gap);
    const y = Math.floor(i / made.across) * (made.tileHeight + made.gap);
    context.drawImage(tile, x, y, made.tileWidth, made.tileHeight);
  }
}
