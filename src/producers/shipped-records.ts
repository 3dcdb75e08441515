/** The ways in of shippers whose bodies are JSON records: one, an array, one a line, or one after the other. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { Posted } from '../event/intake.ts';
import { withDerivedIds, type Identifiable } from './derived-id.ts';
import { jsonBodies } from './json-body.ts';
import { eventOf, isBlank, logRecord, rawLine, type LogRecord, type Reading } from './log-record.ts';
import { UnreadableDelivery, type Delivery, type Producer } from './producer.ts';

/**
 * The two ways in. A string among the records is a raw line; blank lines are dropped.
 * @param advice what to set in the shipper so that it sends JSON; it is said to who sends something else
 */
export function shippedRecords(reading: Reading, advice: string): Pick<Producer, 'read' | 'translate'> {
  return {
    read: (delivery) => postedRecords(jsonOf(delivery, advice), reading, delivery),
    translate: (body, delivery) => {
      const records: readonly unknown[] = Array.isArray(body) ? body : [body];
      return postedRecords(
        records.map((record) => ({ body: record })),
        reading,
        delivery,
      );
    },
  };
}

/**
 * The events of JSON records, with derived ids.
 * @param items what the body held, with a problem for what was no JSON
 */
export function postedRecords(
  items: readonly Posted[],
  reading: Reading,
  delivery: Delivery,
): readonly Posted[] {
  return withDerivedIds(
    items.flatMap((item) => ('problem' in item ? [item] : ofBody(item.body, reading, delivery))),
    delivery.fingerprint,
  );
}

/** The events of records that are taken apart already, with derived ids; blank lines are dropped. */
export function postedLines(lines: readonly LogRecord[], delivery: Delivery): readonly Posted[] {
  return withDerivedIds(
    lines.filter((line) => !isBlank(line)).map((line) => eventOf(line, delivery)),
    delivery.fingerprint,
  );
}

function ofBody(body: unknown, reading: Reading, delivery: Delivery): readonly Identifiable[] {
  if (typeof body !== 'string' && !isJsonObject(body))
    return [{ problem: 'record: must be a JSON object or a line of text' }];
  const record = typeof body === 'string' ? rawLine(body) : logRecord(body, reading);
  return isBlank(record) ? [] : [eventOf(record, delivery)];
}

function jsonOf(delivery: Delivery, advice: string): readonly Posted[] {
  try {
    return jsonBodies(delivery.text);
  } catch (error) {
    if (error instanceof UnreadableDelivery) throw new UnreadableDelivery(`${error.message}; ${advice}`);
    throw error;
  }
}
