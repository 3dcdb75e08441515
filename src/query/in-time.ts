/** Answers in time: nobody waits without end for a part that may hang. */

/**
 * Gives up on an answer that does not come; what it may still do goes on unseen.
 * @param millisecondsMax how long to wait
 * @param late what is thrown then
 */
export async function inTime<T>(answer: Promise<T>, millisecondsMax: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), millisecondsMax);
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
