/** Raw log lines: every form that is known, taken apart into time, level and message. */
import { openEnvelope, type Envelope } from './line-envelope.ts';
import { readJson } from './line-json.ts';
import { readKlog } from './line-klog.ts';
import { readLogfmt } from './line-logfmt.ts';
import { takeTime } from './line-time.ts';
import { parsedLine, takeLevel, type ParsedLine } from './parsed-line.ts';

export type { ParsedLine } from './parsed-line.ts';

const BRACKETED_LEVEL = /^\[([A-Za-z]{3,9})\]/;
const LEADING_LEVEL = /^(?:\[([A-Za-z]{3,9})\]:?\s*|([A-Za-z]{3,9})(?::\s*|\s+|$))/;

/** uvicorn's `INFO:     message`. Upper case alone: the `Error:` of an exception is part of its message. */
const UVICORN = /^([A-Z]{3,9}):[ \t]+/;

/** Python's `WARNING:name:message`; `ERROR:http://…` names no logger. */
const PYTHON = /^([A-Z]{3,9}):(?=([A-Za-z_][^\s:]{0,199}):(?!\/\/))/;

/** Timestamps that may stand before one line: that of Kubernetes or of the container's runtime, then the program's. */
const LEADING_TIMES_MAX = 2;

/**
 * Takes a line apart (contracts/server-logs.md, "The line parser").
 * - The first timestamp is its time, and no timestamp stays in the message: before a line that has its own, that of
 *   Kubernetes or of the container's runtime (CRI) wins.
 * - A level word directly after a timestamp or a CRI header is taken off; a line that begins with a bracketed level
 *   keeps its whole text.
 * - JSON, logfmt, klog, uvicorn's and Python's forms are read with and without a timestamp before them.
 * - A line that says neither time nor level is its own message.
 * @param line one line, without its line feed; a CR at its end is dropped
 * @param receivedAt epoch milliseconds, for forms without a year
 */
export function parseLine(line: string, receivedAt: number = Date.now()): ParsedLine {
  return readEnvelope(openEnvelope(withoutCarriageReturn(line)), receivedAt);
}

/** A line without the CR at its end. */
export function withoutCarriageReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/**
 * Reads what lies in an envelope. stderr without a level is info, since servers of MCP log everything there.
 * @param receivedAt epoch milliseconds
 */
export function readEnvelope({ timestamp, stream, content }: Envelope, receivedAt: number): ParsedLine {
  const parsed = readContent(content, timestamp, receivedAt);
  return parsed.level === null && stream === 'stderr' ? { ...parsed, level: 'info' } : parsed;
}

function readContent(content: string, outerTime: number | null, receivedAt: number): ParsedLine {
  let timestamp = outerTime;
  let rest = outerTime === null ? content : content.trimStart();
  for (let times = outerTime === null ? 0 : 1; times < LEADING_TIMES_MAX; times++) {
    const time = takeTime(rest);
    if (time === null) break;
    timestamp ??= time.milliseconds;
    rest = time.rest;
  }
  const form = readJson(rest) ?? readLogfmt(rest) ?? readKlog(rest, receivedAt) ?? readWord(rest);
  if (form !== null) return { ...form, timestamp: timestamp ?? form.timestamp };
  if (timestamp === null) return parsedLine(null, takeLevel(rest, BRACKETED_LEVEL)?.level ?? null, rest);
  const leading = takeLevel(rest, LEADING_LEVEL);
  if (leading === null) return parsedLine(timestamp, null, rest);
  return parsedLine(timestamp, leading.level, leading.rest, leading.further);
}

/** The forms that begin with a level in capitals and a colon. */
function readWord(text: string): ParsedLine | null {
  const uvicorn = takeLevel(text, UVICORN);
  if (uvicorn !== null) return parsedLine(null, uvicorn.level, uvicorn.rest, uvicorn.further);
  const python = takeLevel(text, PYTHON);
  if (python === null) return null;
  const nameEnd = python.rest.indexOf(':');
  const logger = python.rest.slice(0, nameEnd);
  return parsedLine(null, python.level, python.rest.slice(nameEnd + 1), [
    ['logger', logger],
    ...python.further,
  ]);
}
