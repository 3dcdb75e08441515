/** The plain JSON answers of producers whose clients look at nothing but the status. */
import type { Receipt } from '../event/intake.ts';
import type { Answer, Fault } from './producer.ts';

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' } as const;

/**
 * The answer to a delivery: `{"accepted":2,"rejected":[{"index":1,"error":"…"}]}`. As long as anything was kept it is a
 * success, since such clients resend or drop the whole of what failed; when there was something and nothing of it
 * could be kept, it is 400.
 * @param status the status of a success
 */
export function plainAnswer(receipt: Receipt, status = 200): Answer {
  const isRefused = receipt.accepted === 0 && receipt.rejected.length > 0;
  return { status: isRefused ? 400 : status, headers: JSON_HEADERS, body: JSON.stringify(receipt) };
}

/** The answer to a call that failed as a whole: `{"error":"…"}` with the fault's status and `Retry-After`. */
export function plainRefusal(fault: Fault): Answer {
  const retry = fault.retryAfterSeconds === null ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
  return {
    status: fault.status,
    headers: { ...JSON_HEADERS, ...retry },
    body: JSON.stringify({ error: fault.message }),
  };
}
