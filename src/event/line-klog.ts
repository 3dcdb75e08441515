/** Lines of klog, the logger of Kubernetes: `E0101 12:00:00.000001       1 main.go:10] message`. */
import type { Level } from './event.ts';
import { timeOfText } from './line-time.ts';
import { parsedLine, type ParsedLine } from './parsed-line.ts';

const KLOG =
  /^([IWEF])(\d{2})(\d{2}) (\d{2}:\d{2}:\d{2}\.\d{1,9}) {1,20}(\d{1,20}) ([^\s\]]{1,300}:\d{1,9})\](?: |$)/;

const LEVEL_OF_LETTER: ReadonlyMap<string, Level> = new Map([
  ['I', 'info'],
  ['W', 'warning'],
  ['E', 'error'],
  ['F', 'critical'],
]);

/** How far a line's clock may run ahead of ours, in milliseconds; what lies further ahead is of an earlier year. */
const AHEAD_MILLISECONDS_MAX = 86_400_000;

/** Years in which a 29 February is sure to be found: one leap year in eight may be missing. */
const YEARS_BACK_MAX = 8;

/**
 * Reads a line of klog. It has neither year nor zone: the zone is UTC, the year the latest that puts it no more than a
 * day after its receipt.
 * @param receivedAt epoch milliseconds
 */
export function readKlog(text: string, receivedAt: number): ParsedLine | null {
  const match = KLOG.exec(text);
  if (match === null) return null;
  const [header, letter = '', month = '', day = '', clock = '', thread = '', source = ''] = match;
  const timestamp = latestTime(`${month}-${day}T${clock}Z`, receivedAt);
  if (timestamp === null) return null;
  const level = LEVEL_OF_LETTER.get(letter) ?? null;
  return parsedLine(timestamp, level, text.slice(header.length), [
    ['source', source],
    ['thread', thread],
  ]);
}

function latestTime(timeOfYear: string, receivedAt: number): number | null {
  const thisYear = new Date(receivedAt).getUTCFullYear();
  for (let year = thisYear + 1; year >= thisYear - YEARS_BACK_MAX; year--) {
    const time = timeOfText(`${year}-${timeOfYear}`);
    if (time !== null && time <= receivedAt + AHEAD_MILLISECONDS_MAX) return time;
  }
  return null;
}
