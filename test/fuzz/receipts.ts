/** What successes of gatelog's own surface and of the doors must look like (contracts/events.md, contracts/producers.md). */
import * as z from 'zod';
import { SCOPES } from '../../src/query/credential.ts';
import { AUDIT_ACTIONS } from '../../src/query/audit-log.ts';
import { KINDS } from '../../src/event/event.ts';
import { hold, json, type Check } from './replies.ts';

const count = z.int().min(0);
const time = z.iso.datetime();
const nullable = z.string().nullable();
const texts = z.array(z.string());

/** An answer without a body. */
export const empty: Check = ({ text }) => hold(text === '', 'a body where none belongs');

const receiptSchema = z.strictObject({
  accepted: count,
  rejected: z.array(z.strictObject({ index: count, id: z.string().optional(), error: z.string().min(1) })),
  readable: z.boolean().optional(),
});

/** The receipt of events: each that was posted is either accepted or rejected, once. */
export const receipt = json(receiptSchema, ({ accepted, rejected, readable }, sent) => {
  const indexes: readonly number[] = rejected.map((each: { index: number }) => each.index);
  hold(new Set(indexes).size === indexes.length, 'an event was rejected twice');
  hold(accepted > 0 || rejected.length === 0, 'a success of which nothing was kept');
  const isWaiting = ['true', '1'].includes(sent.url.searchParams.get('wait') ?? '');
  // A repeat of an Idempotency-Key gets the first answer, which may be one to other events.
  if (Object.hasOwn(sent.headers, 'idempotency-key')) return;
  hold(readable === undefined || isWaiting, 'readable was not asked for');
  const posted = sent.plan.body?.events ?? null;
  if (posted === null || sent.plan.packing !== 'none') return;
  hold(accepted + rejected.length === posted, `${accepted} + ${rejected.length} of ${posted} events`);
});

/** OTLP's answer, in the encoding of its request. */
export const otlp: Check = ({ headers, text }) => {
  const type = headers.get('content-type');
  if (type === 'application/x-protobuf') return;
  hold(type === 'application/json', `content-type ${type}`);
  const rejected = z.string().regex(/^[1-9]\d*$/);
  const partial = { rejectedSpans: rejected.optional(), rejectedLogRecords: rejected.optional() };
  z.strictObject({
    partialSuccess: z.strictObject({ ...partial, errorMessage: z.string().min(1) }).optional(),
  }).parse(JSON.parse(text));
};

/** Portkey's verdict, with the receipt where something was rejected. */
export const portkey = json(z.strictObject({ verdict: z.literal(true), ...receiptSchema.partial().shape }));

/** Elasticsearch's items, one for each action. */
export const bulk: Check = ({ headers, text }) => {
  hold(headers.get('x-elastic-product') === 'Elasticsearch', 'no x-elastic-product');
  const item = z.object({ _index: z.string(), _id: nullable, status: z.int() });
  const operations = z.record(z.enum(['index', 'create', 'update', 'delete']), item.optional());
  const body = z
    .strictObject({ took: count, errors: z.boolean(), items: z.array(operations) })
    .parse(JSON.parse(text));
  const statuses = body.items.flatMap((each) => Object.values(each).map((one) => one?.status ?? 0));
  hold(body.errors === statuses.some((status) => status >= 400), 'errors and items contradict');
};

/** `GET /`, by which clients know Elasticsearch. */
export const cluster: Check = ({ headers, text }) => {
  hold(headers.get('x-elastic-product') === 'Elasticsearch', 'no x-elastic-product');
  z.object({ version: z.object({ number: z.string() }), tagline: z.string() }).parse(JSON.parse(text));
};

const publicKey = {
  id: z.string().startsWith('key_'),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)).min(1),
  project_id: nullable,
  workspace_ids: texts.nullable(),
  virtual_key_id: nullable,
  virtual_key_name: nullable,
  metadata_only: z.boolean(),
  created_at: time,
  expires_at: time.nullable(),
};

/** `POST /v1/keys`, the only answer with a secret, and `GET /v1/keys`, which has neither secret nor hash. */
export const newKey = json(z.strictObject({ ...publicKey, key: z.string().min(16) }));
export const keys = json(z.strictObject({ keys: z.array(z.strictObject(publicKey)).max(1000) }));

/** `POST /v1/session`. */
export const session: Check = (answer, sent) => {
  json(
    z.strictObject({
      scopes: z.array(z.string()),
      project_id: z.string().optional(),
      workspace_ids: texts.optional(),
      virtual_key_id: z.string().optional(),
    }),
  )(answer, sent);
  hold(/gatelog_session=.+HttpOnly/.test(answer.headers.get('set-cookie') ?? ''), 'no HttpOnly cookie');
};

/** `/healthz` and `/readyz`. */
export const healthy = json(z.object({ status: z.enum(['ok', 'degraded']) }));

const retention = z.strictObject({
  kind: z.enum(KINDS),
  project_id: nullable,
  payload_days: count.nullable(),
  row_days: count.nullable(),
  in_force: z.strictObject({ payload_days: count, row_days: count }),
});

/** `PUT /v1/retention`, and `GET` of it. */
export const newRetention = json(retention);
export const retentions = json(z.strictObject({ retention: z.array(retention).min(KINDS.length) }));

/** `GET /v1/audit`: the newest change first. */
export const audit = json(
  z.strictObject({
    entries: z.array(
      z.strictObject({
        number: count,
        at: time,
        actor: z.string().min(1),
        action: z.enum(AUDIT_ACTIONS),
        target: nullable,
        detail: z.object({}),
      }),
    ),
    next_cursor: nullable,
  }),
  ({ entries }) => {
    const numbers: readonly number[] = entries.map((entry: { number: number }) => entry.number);
    hold(
      numbers.every((number, place) => place === 0 || number < (numbers[place - 1] ?? 0)),
      'not newest first',
    );
  },
);

/** `GET /v1/dead-letters`, and the answer to sending one again. */
export const deadLetters = json(
  z.strictObject({
    dead_letters: z.array(
      z.strictObject({
        id: z.string(),
        parked_at: time,
        reason: z.string(),
        kind: z.enum(KINDS),
        bytes: count,
        event: z.object({ id: z.string(), timestamp: time }),
      }),
    ),
    next_cursor: nullable,
  }),
);
export const resent = json(z.strictObject({ id: z.string(), readable: z.boolean().nullable().optional() }));

/** `GET /metrics`, in Prometheus's text format. */
export const metrics: Check = ({ headers, text }) => {
  hold(headers.get('content-type')?.startsWith('text/plain') === true, 'no text');
  const line = /^(?:# (?:HELP|TYPE) gatelog_\w+ .+|gatelog_\w+(?:\{[^}]*\})? [-+.\deE]+)?$/;
  for (const each of text.split('\n')) hold(line.test(each), `no line of metrics: ${each}`);
};
