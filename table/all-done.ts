/** As `Promise.all`, but nothing is under way any more when it rejects: what was written can be deleted then. */
export async function allDone<const T extends readonly Promise<unknown>[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return Promise.all(work)
}
