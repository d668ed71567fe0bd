/** The picture as a file: SVG as the server draws it, PNG painted from that by the page. */
import { ask } from "../connection";
import { get, say } from "../store";

export async function exportSvg(): Promise<void> {
  download(new Blob([await svg()], { type: "image/svg+xml" }), `${name()}.svg`);
}

export async function exportPng(): Promise<void> {
  download(await painted(await svg(), 2), `${name()}.png`);
}

/** The picture as it is shown, in the theme of the page, which may be another than that of the system. */
const svg = (): Promise<string> => ask("export", { format: "svg", theme: document.documentElement.dataset.theme as "light" | "dark", quality: get().byQuality });

const name = (): string => get().document!.path.replace(/^.*[/:]/, "").replace(/\.ya?ml$/, "");

function download(made: Blob, file: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(made);
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  say("info", `Exported ${file}`);
}

const MOST = 16_000; // pixels along a side, more than which browsers do not paint

/** An SVG as a PNG with so many pixels for each of its own, fewer where it is very large. */
async function painted(text: string, scale: number): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const by = Math.min(scale, MOST / image.width, MOST / image.height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(image.width * by);
    canvas.height = Math.ceil(image.height * by);
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large for a PNG"))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}
