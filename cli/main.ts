#!/usr/bin/env node
/** The `moraine` command on a real process. */
import { withoutControls } from './render.ts'
import { isBrokenPipe, run } from './run.ts'

/** While a job runs, a signal ends it in order; a second one ends the process as it always does. */
async function interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = (name: NodeJS.Signals) => controller.abort(name)
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  try {
    return await job(controller.signal)
  } finally {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
}

// A word to developers, which would stand before every answer from a bucket.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

// As the command says things, not as Node tells developers; where Node was told to be silent, it listens to none.
if (process.listenerCount('warning') > 0) {
  process.removeAllListeners('warning').on('warning', ({ message }) => {
    process.stderr.write(`warning: ${withoutControls(message)}\n`)
  })
}

process.stdout.on('error', (error) => {
  if (!isBrokenPipe(error)) throw error
})

process.exitCode = await run(process.argv.slice(2), {
  get stdin() {
    return process.stdin
  },
  stdout: {
    // A terminal gets no control characters of the data; a pipe gets the bytes as they are.
    write: (text) =>
      new Promise((resolve, reject) => {
        const shown = process.stdout.isTTY ? withoutControls(text) : text
        process.stdout.write(shown, (error) => (error ? reject(error) : resolve()))
      }),
  },
  error: (text) => process.stderr.write(text),
  progress: (line) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`)
  },
  interruptible,
})
