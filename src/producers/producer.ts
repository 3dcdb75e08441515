/** What a producer is: one wire format that others write, taken apart into events and answered as its clients expect. */
import type { Fingerprint } from '../event/fingerprint.ts';
import type { Posted, Receipt } from '../event/intake.ts';

/** One call of a producer's client, unpacked. */
export type Delivery = {
  /** The body as it came, without its Content-Encoding. */
  readonly bytes: Uint8Array;
  /** The same as text: UTF-16 where a byte order mark says so, else UTF-8, of which malformed bytes become U+FFFD. */
  readonly text: string;
  /** A header by its name in lower case; null when absent. */
  readonly header: (name: string) => string | null;
  /** The headers whose names begin so, in lower case, by what follows in their names. */
  readonly headersUnder: (prefix: string) => Readonly<Record<string, string>>;
  /** Parameters of the query string and of the path; null when absent or empty. */
  readonly parameter: (name: string) => string | null;
  /** Epoch milliseconds at which it arrived. */
  readonly receivedAt: number;
  /** Digests what an id is derived from, so that the id tells nobody what that was. */
  readonly fingerprint: Fingerprint;
};

/** An answer as plain data. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
};

/** What went wrong with a whole call: a status of HTTP and a sentence for the caller. */
export type Fault = {
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds: number | null;
};

/** Thrown by `read` when a body is not in the producer's format at all; the message is for the caller. */
export class UnreadableDelivery extends Error {
  override readonly name = 'UnreadableDelivery';
}

/** One wire format. */
export type Producer = {
  readonly name: string;
  /** The paths that lead to it, as Hono patterns; `POST` and `PUT` are taken on each. */
  readonly paths: readonly string[];
  /** Whether a parsed JSON body has this producer's shape, so that `POST /v1/events` can take it too. */
  readonly recognise: (body: unknown) => boolean;
  /**
   * Takes a delivery apart into events in the fields of `POST /v1/events`.
   * @throws UnreadableDelivery when nothing of it can be read
   */
  readonly read: (delivery: Delivery) => readonly Posted[];
  /** The same for a JSON body that is parsed already, as `recognise` saw it. */
  readonly translate: (body: unknown, delivery: Delivery) => readonly Posted[];
  /** The answer that its client expects when its events were kept, or some of them refused. */
  readonly answer: (receipt: Receipt, posted: readonly Posted[], delivery: Delivery) => Answer;
  /** The answer that its client expects when the whole call failed. */
  readonly refuse: (fault: Fault, delivery: Delivery) => Answer;
};
