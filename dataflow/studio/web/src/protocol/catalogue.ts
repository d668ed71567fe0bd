/** What there is to begin with: graphs that are shipped, and blocks. */
import type { Plain } from "./document";

export interface GalleryEntry {
  path: string; // "dataflow:digits/cnn.yaml" of a shipped one
  name: string;
  doc: string;
  nodes: number;
  trains: boolean;
  quantized: boolean;
  group: string; // the folder
}

/** A block in the palette; types are checked by it while a wire is dragged. */
export interface BlockInfo {
  name: string;
  aliases: string[];
  words: string[]; // to find it by
  category: string;
  continues: number; // how many names of its category its own does, as Conv2DBackpropInput that of Conv2D
  hue: number;
  summary: string;
  inputs: { name: string; dtypes: string[]; type: string; optional: boolean; many: boolean; static: boolean; doc: string; example: string }[]; // example: of a static one, what may be written there
  outputs: { name: string; dtypes: string[]; type: string; doc: string }[];
  attrs: {
    name: string;
    type: string;
    required: boolean;
    default: Plain;
    min: number | null;
    max: number | null;
    choices: Plain[];
    doc: string;
  }[];
  gradient: "yes" | "none flows" | "missing";
}
