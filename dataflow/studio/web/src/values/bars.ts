/** The bars of a histogram as one path, so that hundreds of them on a canvas stay cheap. */

/** Heights go by the square root of the counts: a rare bin is still seen beside a full one. */
export function bars(bins: number[], width: number, height: number, gap: number): string {
  const most = Math.max(0, ...bins);
  if (most === 0) return "";
  const each = width / bins.length;
  let path = "";
  bins.forEach((bin, i) => {
    if (bin === 0) return;
    const tall = Math.max(1, height * Math.sqrt(bin / most));
    path += `M${near(i * each + gap / 2)} ${height}v${near(-tall)}h${near(each - gap)}v${near(tall)}z`;
  });
  return path;
}

const near = (value: number): number => Math.round(value * 100) / 100;
