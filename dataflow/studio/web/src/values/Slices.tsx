/** Which part of a large value is shown: a slider for each dimension of which one index is. */
import type { Picture } from "../protocol";

export function Slices({ dims, set }: { dims: Picture["dims"]; set: (dim: string, index: number) => void }) {
  const fixed = dims.filter((dim) => dim.at !== null && dim.size > 1);
  if (fixed.length === 0) return null;
  return (
    <div className="slices">
      {fixed.map(({ name, size, at }) => (
        <label key={name}>
          <span className="slices-name">{name}</span>
          <input
            type="range"
            min={0}
            max={size - 1}
            value={at!}
            onChange={(event) => set(name, event.currentTarget.valueAsNumber)}
          />
          <output>
            {at} <span className="quiet">to {size - 1}</span>
          </output>
        </label>
      ))}
    </div>
  );
}
