/** Elasticsearch's bulk API, as its clients, Filebeat, Logstash, Fluentd and rsyslog use it. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { JsonObject } from '../event/event.ts';
import { mintId } from '../event/id.ts';
import type { Posted, Receipt } from '../event/intake.ts';
import { withDerivedIds, type Identifiable } from './derived-id.ts';
import { parsed } from './json-body.ts';
import { textAt } from './json-field.ts';
import { eventOf, logRecord, type Reading } from './log-record.ts';
import { UnreadableDelivery, type Answer, type Delivery, type Fault, type Producer } from './producer.ts';
import { fittingId } from './record-by-record.ts';

const READING: Reading = {
  texts: ['message', 'log', 'msg', 'MESSAGE'],
  times: ['@timestamp', 'timestamp', 'time', 'date'],
  servers: ['programname', 'program', 'syslogtag', 'ident'],
  isRaw: true,
};

const OPERATIONS = ['index', 'create', 'update', 'delete'] as const;

/** One action of a bulk call; `index` and `id` are null where it names none. */
type Action = {
  readonly operation: (typeof OPERATIONS)[number];
  readonly index: string | null;
  readonly id: string | null;
};

/** Clients refuse to speak to a server that does not say this. */
const HEADERS = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' } as const;

/** The names of Elasticsearch's own exceptions, by the status that they come with. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  400: 'illegal_argument_exception',
  401: 'security_exception',
  403: 'security_exception',
  413: 'content_too_long_exception',
  415: 'media_type_header_exception',
  429: 'es_rejected_execution_exception',
  503: 'unavailable_shards_exception',
};

/** A client of Elasticsearch; it reads the items of the answer, in the order of its actions. */
export const elasticsearch: Producer = {
  name: 'elasticsearch',
  paths: ['/_bulk', '/:index/_bulk'],
  recognise: () => false,
  read: (delivery) =>
    withDerivedIds(
      entriesOf(delivery.text).map(({ action, source }) =>
        identifiable(action, parsed(source)?.value, delivery),
      ),
      delivery.fingerprint,
    ).map((item) => withId(item, delivery)),
  translate: (body, delivery) => {
    const documents: readonly unknown[] = Array.isArray(body) ? body : [body];
    return withDerivedIds(
      documents.map((source) => identifiable(INDEXING, source, delivery)),
      delivery.fingerprint,
    );
  },
  answer: answerOf,
  refuse: refusalOf,
};

const INDEXING: Action = { operation: 'index', index: null, id: null };

/** The answer to `GET /`, by which clients and Beats make sure that they speak to Elasticsearch. */
export function clusterInfo(): Answer {
  const info = {
    name: 'gatelog',
    cluster_name: 'gatelog',
    cluster_uuid: 'gatelog',
    version: {
      number: '8.19.0',
      build_flavor: 'default',
      build_type: 'docker',
      build_hash: 'unknown',
      build_date: '2025-07-23T00:00:00.000Z',
      build_snapshot: false,
      lucene_version: '9.12.2',
      minimum_wire_compatibility_version: '7.17.0',
      minimum_index_compatibility_version: '7.0.0',
    },
    tagline: 'You Know, for Search',
  };
  return { status: 200, headers: HEADERS, body: JSON.stringify(info) };
}

type Entry = { readonly action: Action; readonly source: string };

/**
 * The actions of a body with the lines of their documents, empty where there is none.
 * @throws UnreadableDelivery at a line that is no action, since what follows it cannot be told apart any more
 */
function entriesOf(text: string): readonly Entry[] {
  const lines = text.split('\n');
  const entries: Entry[] = [];
  for (let place = 0; place < lines.length; place++) {
    const line = lines[place] ?? '';
    if (line.trim() === '') continue;
    const action = actionOf(parsed(line)?.value);
    if (action === null)
      throw new UnreadableDelivery(
        `Malformed action/metadata line [${place + 1}], expected an object with index, create, update or delete`,
      );
    const hasSource = action.operation !== 'delete';
    entries.push({ action, source: hasSource ? (lines[place + 1] ?? '') : '' });
    if (hasSource) place++;
  }
  return entries;
}

function actionOf(line: unknown): Action | null {
  const [entry, ...others] = isJsonObject(line) ? Object.entries(line) : [];
  const operation = OPERATIONS.find((name) => name === entry?.[0]);
  if (operation === undefined || entry === undefined || others.length > 0 || !isJsonObject(entry[1]))
    return null;
  return { operation, index: textAt(entry[1], '_index') ?? null, id: textAt(entry[1], '_id') ?? null };
}

function identifiable({ operation, id }: Action, source: unknown, delivery: Delivery): Identifiable {
  if (operation === 'update' || operation === 'delete')
    return { problem: `${operation}: not supported; events are only added, with index or create` };
  if (!isJsonObject(source))
    return { problem: 'document: must be a JSON object on the line after its action' };
  const event = eventOf(logRecord(source, READING), delivery);
  if ('problem' in event || id === null) return event;
  return { body: { ...event.body, id: fittingId(id) ?? id }, coordinate: null };
}

/** Elasticsearch answers every document with its id, so one is minted here already where there is none. */
function withId(posted: Posted, { receivedAt }: Delivery): Posted {
  if ('problem' in posted || !isJsonObject(posted.body) || (posted.body['id'] ?? null) !== null)
    return posted;
  const { type, timestamp } = posted.body;
  const kind = type === 'tool_call' || type === 'request' ? type : 'server_log';
  return {
    body: { ...posted.body, id: mintId(kind, typeof timestamp === 'number' ? timestamp : receivedAt) },
  };
}

function answerOf({ rejected }: Receipt, posted: readonly Posted[], delivery: Delivery): Answer {
  const errors = new Map(rejected.map(({ index, error }) => [index, error]));
  const entries = entriesOf(delivery.text);
  const items = posted.map((item, place) =>
    itemOf(entries[place]?.action ?? INDEXING, item, errors.get(place), delivery),
  );
  const body = JSON.stringify({ took: 0, errors: errors.size > 0, items });
  return { status: 200, headers: HEADERS, body };
}

function itemOf(action: Action, posted: Posted, error: string | undefined, delivery: Delivery): JsonObject {
  const kept = 'body' in posted ? textAt(posted.body, 'id') : undefined;
  const place = {
    _index: action.index ?? delivery.parameter('index') ?? 'gatelog',
    _id: action.id ?? kept ?? null,
  };
  if (error !== undefined) {
    const isUnsupported = action.operation === 'update' || action.operation === 'delete';
    const type = isUnsupported ? 'illegal_argument_exception' : 'document_parsing_exception';
    return { [action.operation]: { ...place, status: 400, error: { type, reason: error } } };
  }
  return { [action.operation]: { ...place, _version: 1, result: 'created', status: 201 } };
}

function refusalOf({ status, message, retryAfterSeconds }: Fault): Answer {
  const cause = { type: EXCEPTIONS[status] ?? 'exception', reason: message };
  const retry = retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) };
  return {
    status,
    headers: { ...HEADERS, ...retry },
    body: JSON.stringify({ error: { root_cause: [cause], ...cause }, status }),
  };
}
