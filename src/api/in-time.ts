/** Answers in time: what looks after the store must not hang with it. */

/** How long a part may take to answer, in milliseconds: whoever probes gives up soon after. */
const ANSWER_MILLISECONDS_MAX = 5000;

/** Gives up on an answer that does not come. */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), ANSWER_MILLISECONDS_MAX);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
