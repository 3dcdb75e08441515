/** Parts in time: what looks after the store must not hang with it. */
import { inTime } from '../query/in-time.ts';

/** How long a part may take to answer, in milliseconds: whoever probes gives up soon after. */
const ANSWER_MILLISECONDS_MAX = 5000;

/** Gives up on a part that does not answer. */
export function partInTime<T>(answer: Promise<T>): Promise<T> {
  return inTime(answer, ANSWER_MILLISECONDS_MAX, () => new Error('no answer in time'));
}
