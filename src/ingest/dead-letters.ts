/** The Worker's end of the dead letters: each call is one call to the object that holds them. */
import type { DeadLetter, DeadLetters, LetterPage, Resent } from '../query/dead-letters.ts';
import type { Ingest } from './ingest.ts';
import { answered, callObject, OVERLOADED_SECONDS } from './object-call.ts';

/** Opens the dead letters over the object's namespace. */
export function openDeadLetters(namespace: DurableObjectNamespace<Ingest>): DeadLetters {
  return {
    async page(limit, before, bounds) {
      const text = await callObject(namespace, async (object) => object.letters(limit, before, bounds));
      return JSON.parse(answered(text)) as LetterPage;
    },
    async find(number, bounds) {
      const text = await callObject(namespace, async (object) => object.letter(number, bounds));
      return JSON.parse(answered(text)) as DeadLetter | null;
    },
    async resend(number, bounds, wait) {
      const resent = await callObject<Resent>(namespace, async (object) =>
        object.resend(number, bounds, wait),
      );
      return resent ?? { outcome: 'behind', retryAfterSeconds: OVERLOADED_SECONDS };
    },
    async drop(number, bounds) {
      return answered(await callObject<boolean>(namespace, async (object) => object.drop(number, bounds)));
    },
  };
}
