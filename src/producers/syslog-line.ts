/** Lines of syslog as plain text: RFC 5424, and RFC 3164 as daemons write it in practice. */
import type { JsonObject } from '../event/event.ts';
import type { LogRecord } from './log-record.ts';
import { presentFields } from './present-fields.ts';
import { recordTime, type RecordTime } from './record-time.ts';

const PRIORITY = /^<(\d{1,3})>/;
const RFC_5424_HEAD = /^1 (\S+) (\S+) (\S+) (\S+) (\S+) /;
const RFC_3164_TIME = /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) /;
const ISO_TIME = /^(\d{4}-\d{2}-\d{2}T\S{8,30}) /;
const HOST_AND_TAG = /^([\w.:-]{1,255}) ([^\s:[\]]{1,128})(?:\[([^\]\s]{1,128})\])?: ?/;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const SEVERITIES = 8;
const PRIORITY_MAX = 191;
const SEVERITY_WORDS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

const DAY_MILLISECONDS = 86_400_000;

/** Where a record's program stands. */
const SERVERS = ['program'];

/**
 * Reads one line of syslog. The fields are `severity` (a word), `facility` (a number), `host`, `program`, `pid`,
 * `message_id` and `structured_data` (as it was written), as far as the line has them; a line that is no syslog is a
 * raw line.
 * @param receivedAt epoch milliseconds: RFC 3164 knows neither year nor zone, so it is UTC of the year that fits
 */
export function syslogLine(line: string, receivedAt: number): LogRecord {
  const text = line.replace(/\r$/, '');
  const priority = Number(PRIORITY.exec(text)?.[1] ?? NaN);
  const isPrioritised = priority <= PRIORITY_MAX;
  const rest = isPrioritised ? text.replace(PRIORITY, '') : text;
  const read = (isPrioritised ? ofRfc5424(rest) : null) ?? ofRfc3164(rest, isPrioritised, receivedAt);
  const graded = isPrioritised
    ? { severity: SEVERITY_WORDS[priority % SEVERITIES] ?? null, facility: Math.floor(priority / SEVERITIES) }
    : {};
  return {
    fields: presentFields({ ...graded, ...read?.fields }),
    text: read?.text ?? rest,
    isRaw: true,
    time: read?.time ?? null,
    servers: SERVERS,
  };
}

type Read = { readonly fields: JsonObject; readonly text: string; readonly time: RecordTime | null };

function ofRfc5424(text: string): Read | null {
  const match = RFC_5424_HEAD.exec(text);
  if (match === null) return null;
  const [head, time, host, program, pid, messageId] = match.map((part) => (part === '-' ? null : part));
  const start = (head ?? '').length;
  const end = endOfStructuredData(text, start);
  const data = text.slice(start, end);
  return {
    fields: {
      host: host ?? null,
      program: program ?? null,
      pid: pid ?? null,
      message_id: messageId ?? null,
      structured_data: data === '-' ? null : data,
    },
    text: text.slice(end).replace(/^ ?\uFEFF?/, ''),
    time: recordTime(time),
  };
}

/** One `-`, or elements in brackets; brackets inside quoted values do not end them. */
function endOfStructuredData(text: string, start: number): number {
  if (text.charAt(start) === '-') return start + 1;
  let end = start;
  let isQuoted = false;
  let isInside = false;
  for (let place = start; place < text.length; place++) {
    const character = text.charAt(place);
    if (!isInside && character !== '[') return place;
    if (isQuoted && character === '\\') place++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === '[') isInside = true;
    else if (!isQuoted && character === ']') {
      isInside = false;
      end = place + 1;
    }
  }
  return end;
}

/**
 * Time, host and `program[pid]:`. Relays write ISO times in the place of RFC 3164's own; without a priority that is
 * syslog only where a process id follows, since programs begin their own lines so.
 */
function ofRfc3164(text: string, isPrioritised: boolean, receivedAt: number): Read | null {
  const old = RFC_3164_TIME.exec(text);
  const iso = old === null ? ISO_TIME.exec(text) : null;
  const time = old === null ? recordTime(iso?.[1]) : timeWithoutYear(old, receivedAt);
  if (time === null) return null;
  const rest = text.slice((old ?? iso)?.[0].length);
  const [origin, host = null, program = null, pid = null] = HOST_AND_TAG.exec(rest) ?? [];
  if (old === null && (origin === undefined || (!isPrioritised && pid === null))) return null;
  return { fields: { host, program, pid }, text: rest.slice(origin?.length ?? 0), time };
}

/** The latest year in which the day is not more than one ahead, since a line of December may come in January. */
function timeWithoutYear(match: RegExpExecArray, receivedAt: number): RecordTime | null {
  const month = MONTHS.indexOf(match[1] ?? '');
  const [day, hour, minute, second] = match.slice(2, 6).map(Number) as [number, number, number, number];
  if (month === -1 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return null;
  const year = new Date(receivedAt).getUTCFullYear();
  const candidates = [year + 1, year, year - 1].map((candidate) =>
    Date.UTC(candidate, month, day, hour, minute, second),
  );
  const milliseconds = candidates.find((time) => time <= receivedAt + DAY_MILLISECONDS);
  return milliseconds === undefined ? null : { milliseconds, exact: null };
}
