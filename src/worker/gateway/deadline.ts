/**
 * A promise or its deadline, whichever comes first; the timer never outlives the wait.
 */
export async function withDeadline<T>(promise: Promise<T>, ms: number): Promise<T | "deadline"> {
  let timer: number | null = null;
  const deadline = new Promise<"deadline">((resolve) => {
    timer = setTimeout(() => resolve("deadline"), Math.max(0, ms));
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
