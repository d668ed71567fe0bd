/** Values on ports: statistics, and pictures of them. */
import type { Plain } from "./document";

/** What is known of the value on a port; statistics are of at most 32,768 elements, evenly spread. */
export interface Stats {
  dtype: string;
  shape: number[];
  min: number | null; // null where there are no finite elements
  max: number | null;
  mean: number | null;
  std: number | null;
  nan: number;
  inf: number;
  zeros: number;
  sampled: boolean; // whether not all elements were looked at
  bins: number[]; // 24 counts between min and max
  shown: Plain; // a value of at most 16 elements, as nested lists; else null
  quality: Quality | null;
  sqnr?: number; // dB against the graph without quantizers, of a value that follows from quantized ones
}

/** What quantization does to the value on a port. */
export interface Quality {
  bits: number;
  scale: number[]; // one, or one per channel
  zero_point: number[];
  clipped: number; // percent of elements beyond the ends
  sqnr: number | null; // dB against the graph without quantizers
}

/** A picture of a value, or a table of it. */
export interface Picture {
  rows: number;
  columns: number;
  tiles: number; // side by side: channels, or rows of a batch
  low: number;
  high: number;
  data: string; // base64 of rows * columns * tiles bytes, 0 to 255 between low and high
  labels: string[]; // of the tiles
  dims: { name: string; size: number; at: number | null }[]; // of the array; `at` where one index is shown
}
