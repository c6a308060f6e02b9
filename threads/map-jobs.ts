export interface MapJobsOptions {
  /** Inputs that are taken before their outputs are: the bound on what is in memory. */
  readonly window: number
  /** Outputs in the order of the inputs, else as they come. Default: true. */
  readonly ordered?: boolean
}

/**
 * Runs `job` on every input, some at once, and gives the outputs as they are pulled. An input is taken only when there
 * is room in the window, so that a slow consumer slows the source. The first failure ends it, after which, as after
 * leaving early, no more inputs are taken; jobs that run then are not waited for: give them a signal.
 */
export async function* mapJobs<I, O>(
  inputs: Iterable<I> | AsyncIterable<I>,
  job: (input: I) => Promise<O>,
  { window, ordered = true }: MapJobsOptions,
): AsyncGenerator<O> {
  const running: Promise<O>[] = []
  for await (const input of inputs) {
    const one = job(input)
    // A failure is thrown when its turn comes; until then it is no unhandled one.
    one.catch(() => undefined)
    running.push(one)
    if (running.length >= window) yield await next(running, ordered)
  }
  while (running.length > 0) yield await next(running, ordered)
}

async function next<O>(running: Promise<O>[], ordered: boolean): Promise<O> {
  if (ordered) return running.shift()!
  const { at, output } = await Promise.race(running.map(async (one, at) => ({ at, output: await one })))
  running.splice(at, 1)
  return output
}
