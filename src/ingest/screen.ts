/** Screen: what every posted body passes before admission, whichever door it came through. */
import { replaceBinaryContent } from '../event/content.ts';
import { kindOf } from '../event/draft.ts';
import { isJsonObject } from '../event/draft-schema.ts';
import type { Json, JsonObject } from '../event/event.ts';
import type { Posted } from '../event/intake.ts';
import { parseLine } from '../event/line.ts';
import type { Redaction } from '../event/redaction.ts';
import { withoutContent } from '../event/without-content.ts';

/**
 * Screens the bodies of one call: base64 content shrinks to its digest, content is left out where the key says so, and
 * credentials are redacted. So nothing after it, log, store or index, ever sees one (contracts/producers.md).
 * @param isMetadataOnly whether arguments, results and messages are left out
 */
export async function screen(
  posted: readonly Posted[],
  isMetadataOnly: boolean,
  redact: Redaction,
): Promise<readonly Posted[]> {
  const bodies = await Promise.all(
    posted.map((item) =>
      'body' in item ? withoutBinary(takenApart(item.body, isMetadataOnly)) : item.problem,
    ),
  );
  const kept = isMetadataOnly
    ? bodies.map((body, place) => ('body' in (posted[place] ?? {}) ? withoutContent(body) : body))
    : bodies;
  const redacted = await redact(kept);
  return posted.map((item, place) =>
    'body' in item ? { body: redacted[place] } : { problem: String(redacted[place]) },
  );
}

/** Takes a server's raw line apart before redaction, so that a credential is seen under the name that it has there. */
function takenApart(body: unknown, isMetadataOnly: boolean): unknown {
  if (!isJsonObject(body) || typeof body['line'] !== 'string' || kindOf(body) !== 'server_log') return body;
  const { line, ...rest } = body;
  const { timestamp, level, message, metadata } = parseLine(line);
  const own = rest['metadata'] ?? null;
  if (own !== null && !isJsonObject(own)) return body;
  return {
    ...rest,
    message: rest['message'] ?? message,
    level: rest['level'] ?? level ?? 'info',
    timestamp: rest['timestamp'] ?? timestamp,
    // Fields that a line carries are its content.
    metadata: emptied({ ...(isMetadataOnly ? {} : metadata), ...own }),
  };
}

function emptied(metadata: JsonObject): JsonObject | null {
  return Object.keys(metadata).length === 0 ? null : metadata;
}

function withoutBinary(body: unknown): unknown {
  if (!isJsonObject(body) || !isJsonObject(body['result'])) return body;
  const result = replaceBinaryContent(body['result']);
  if (result === body['result']) return body;
  return Promise.resolve(result).then((replaced: Json) => ({ ...body, result: replaced }));
}
