/** Loggers and daemons that post records of their own: winston, pino over HTTP, and syslog. */
import { jsonBodies } from './json-body.ts';
import { plainAnswer, plainRefusal } from './plain-answer.ts';
import { UnreadableDelivery, type Delivery, type Producer } from './producer.ts';
import { postedLines, postedRecords, shippedRecords } from './shipped-records.ts';
import { syslogLine } from './syslog-line.ts';
import type { Reading } from './log-record.ts';
import type { Posted } from '../event/intake.ts';

/** What loggers in programs write: their messages are no raw lines, and stay as they are. */
const LOGGER: Reading = {
  texts: ['message', 'msg'],
  times: ['time', 'timestamp', '@timestamp', 'ts', 'date'],
  servers: [],
  isRaw: false,
};

/** What syslog-ng's and rsyslog's templates name: `$(format-json --scope rfc5424)` and its like. */
const SYSLOG: Reading = {
  texts: ['MESSAGE', 'message', 'MSG', 'msg'],
  times: ['ISODATE', 'isodate', '@timestamp', 'timestamp', 'timereported', 'time', 'DATE', 'date'],
  servers: ['PROGRAM', 'program', 'programname', 'app_name', 'appname', 'app-name'],
  isRaw: true,
};

/** winston's Http transport: one record a call, or an array; no time, so it is that of receipt. */
export const winston: Producer = loggerAt('winston', '/v1/ingest/winston');

/** pino over HTTP: one record a line, with a numeric `level` and `time` in milliseconds. */
export const pino: Producer = loggerAt('pino', '/v1/ingest/pino');

/** syslog-ng's `http()` and rsyslog's `omhttp`: records of a template, or plain lines of syslog. */
export const syslog: Producer = {
  name: 'syslog',
  paths: ['/v1/ingest/syslog'],
  recognise: () => false,
  ...shippedRecords(SYSLOG, 'send JSON or one line of syslog a line'),
  read: (delivery) => readSyslog(delivery),
  answer: (receipt) => plainAnswer(receipt),
  refuse: plainRefusal,
};

function loggerAt(name: string, path: string): Producer {
  return {
    name,
    paths: [path],
    recognise: () => false,
    ...shippedRecords(LOGGER, 'send one JSON record, an array, or one a line'),
    answer: (receipt) => plainAnswer(receipt),
    refuse: plainRefusal,
  };
}

/** Both kinds may stand in one call: a template in JSON gives records, everything else is a line. */
function readSyslog(delivery: Delivery): readonly Posted[] {
  const items = /^[\uFEFF\s]*[[{]/.test(delivery.text) ? jsonOrNull(delivery.text) : null;
  if (items !== null) return postedRecords(items, SYSLOG, delivery);
  const lines = delivery.text.replace(/^\uFEFF/, '').split('\n');
  return postedLines(
    lines.map((line) => syslogLine(line, delivery.receivedAt)),
    delivery,
  );
}

function jsonOrNull(text: string): readonly Posted[] | null {
  try {
    return jsonBodies(text);
  } catch (error) {
    if (error instanceof UnreadableDelivery) return null;
    throw error;
  }
}
