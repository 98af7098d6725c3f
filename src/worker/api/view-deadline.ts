/** Objects that views ask may be slow or broken; a view does without them. */

const ANSWER_DEADLINE_MS = 2_000;

/** @returns null when the call fails, or has no answer within ANSWER_DEADLINE_MS */
export async function withDeadline<T>(call: Promise<T>): Promise<T | null> {
  const expired = Promise.withResolvers<null>();
  const timer = setTimeout(() => expired.resolve(null), ANSWER_DEADLINE_MS);
  try {
    return await Promise.race([call, expired.promise]);
  } catch (error) {
    console.warn("views: an object did not answer:", error);
    return null;
  } finally {
    clearTimeout(timer);
  }
}
