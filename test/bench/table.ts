/** Aligned plain text: tables, numbers with their thousands apart, and a progress bar. */

/** One cell; numbers are written by `whole`, `fine` or `times` first. */
export type Cell = string;

const GAP = '  ';
const BAR_CHARACTERS = 30;

/** What stands where there is no figure. */
export const NO_FIGURE = '-';

/** A table under its title: the first column to the left, all others to the right. */
export function table(title: string, heads: readonly Cell[], rows: readonly (readonly Cell[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly Cell[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(GAP)
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join(GAP);
  return [title, '', line(heads), rule, ...rows.map(line), ''].join('\n');
}

/** A count: `1 234 567`. */
export function whole(value: number | null | undefined): Cell {
  if (value === null || value === undefined || Number.isNaN(value)) return NO_FIGURE;
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** A measure: two places after the point below 10, one below 100. */
export function fine(value: number | null | undefined): Cell {
  if (value === null || value === undefined || Number.isNaN(value)) return NO_FIGURE;
  return value < 100 ? value.toFixed(value < 10 ? 2 : 1) : whole(value);
}

/** How many times one figure is another: `x 1.02`. */
export function times(value: number | null | undefined, other: number | null | undefined): Cell {
  if (value === null || value === undefined || other === null || other === undefined) return NO_FIGURE;
  if (other === 0) return value === 0 ? 'x 1' : NO_FIGURE;
  const ratio = value / other;
  return `x ${ratio >= 0.01 ? fine(ratio) : Number(ratio.toPrecision(2))}`;
}

/** Shows on stderr how far something is; on a terminal as a bar that moves, else as a line at each quarter. */
export function progress(label: string, done: number, all: number, startedAt: number): void {
  const share = done / all;
  const seconds = (performance.now() - startedAt) / 1000;
  const figures = `${label}: ${whole(done)} of ${whole(all)}, ${whole(done / seconds)}/s`;
  if (process.stderr.isTTY) {
    const filled = Math.round(share * BAR_CHARACTERS);
    const bar = '#'.repeat(filled) + '.'.repeat(BAR_CHARACTERS - filled);
    process.stderr.write(`\r[${bar}] ${figures} ${share === 1 ? '\n' : ''}`);
  } else if (Number.isInteger(share * 4) || share === 1) process.stderr.write(`${figures}\n`);
}
