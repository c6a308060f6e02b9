import {
  type AppendOptions,
  invalidArgument,
  isMoraineError,
  type Lake,
  MoraineError,
  messageOf,
  type RecordBatch,
  type Snapshot,
  type Table,
} from '../../index.ts'
import { timeOption } from '../at-option.ts'
import { openLake, tableName } from '../catalog-arguments.ts'
import { createOptions, createTableOptions, inferenceHelp, schemaOfInput } from '../create-options.ts'
import { type Input, localFile, openInput, readInput } from '../input.ts'
import { summaryCount } from '../summary-count.ts'
import {
  probeOption,
  tableNameArgument,
  textOption,
  type Verb,
  type VerbContext,
  type VerbOptions,
} from '../verb.ts'

export const append: Verb = {
  name: 'append',
  summary: 'add the rows of a file, or of standard input, in one commit',
  arguments: [
    tableNameArgument,
    { name: '<file>', description: 'Parquet, NDJSON or CSV with a header; - is standard input' },
  ],
  options: [
    {
      flags: '--input-format <format>',
      description: 'parquet, ndjson or csv; default: by the ending of the file',
    },
    {
      flags: '--create',
      description: `create the table if it does not exist; ${inferenceHelp}`,
    },
    ...createOptions,
    {
      flags: '--branch <name>',
      description: 'append to this branch; one that does not exist begins at the head of main',
      names: 'branch',
    },
    {
      flags: '--commit-id <id>',
      description: 'append once: nothing is done when the history of the branch holds a commit of this id',
    },
    {
      flags: '--commit-after <id>',
      description: 'where snapshots have expired: this commit is made only after the one of that id',
    },
    {
      flags: '--commit-since <time>',
      description: 'where snapshots have expired: the commit id did not exist before that time',
    },
    probeOption,
  ],
  example: 'moraine append shop.orders orders.parquet --create --catalog ./lake',
  async run([name, path], options, context) {
    const identifier = tableName(name!)
    checkCreateOptions(options)
    appendOptions(options)
    const started = Date.now()
    const { before, after } = await context.interruptible(async (signal) => {
      const input = openInput(path!, textOption(options, 'inputFormat'), context.stdin, signal)
      return appendInput(await openLake(options), identifier, input, options, context)
    })
    const head = headOf(after, textOption(options, 'branch'))
    const added = after.metadataLocation === before.metadataLocation ? undefined : head
    return {
      kind: 'facts',
      facts: {
        appended: summaryCount(added, 'added-records') ?? 0,
        files: summaryCount(added, 'added-data-files') ?? 0,
        bytes: summaryCount(added, 'added-files-size') ?? 0,
        snapshot_id: head?.snapshotId ?? null,
        seconds: (Date.now() - started) / 1000,
      },
    }
  },
}

function headOf(table: Table, branch: string | undefined): Snapshot | undefined {
  if (branch === undefined) return table.currentSnapshot
  const head = table.refs.get(branch)?.snapshotId
  return table.snapshots.find(({ snapshotId }) => snapshotId === head)
}

/** What `Table.append` takes of the options. */
function appendOptions(options: VerbOptions): AppendOptions {
  const branch = textOption(options, 'branch')
  const id = textOption(options, 'commitId')
  const after = textOption(options, 'commitAfter')
  const since = textOption(options, 'commitSince')
  if (id === undefined && (after ?? since) !== undefined) {
    throw invalidArgument('append: --commit-after and --commit-since are for a --commit-id; give that too')
  }
  const evidence = {
    ...(after === undefined ? {} : { after }),
    ...(since === undefined ? {} : { since: timeOption(since, '--commit-since') }),
  }
  return {
    ...(branch === undefined ? {} : { branch }),
    ...(id === undefined ? {} : { commitId: { id, ...evidence } }),
  }
}

/** Options that only a creation obeys. */
function checkCreateOptions(options: VerbOptions): void {
  if (options['create'] === true) return
  for (const [name, flag] of [
    ['partitionBy', '--partition-by'],
    ['sortBy', '--sort-by'],
    ['identifier', '--identifier'],
    ['property', '--property'],
  ] as const) {
    if (options[name] !== undefined) throw invalidArgument(`append: ${flag} is for a new table; add --create`)
  }
}

interface Appended {
  readonly before: Table
  readonly after: Table
}

async function appendInput(
  lake: Lake,
  identifier: readonly string[],
  input: Input,
  options: VerbOptions,
  context: VerbContext,
): Promise<Appended> {
  if (options['create'] !== true || (await lake.tableExists(identifier))) {
    return appendTo(await loadTable(lake, identifier), input, options, context)
  }
  const { file, remove } = await localFile(input)
  try {
    const declared = createTableOptions(await schemaOfInput(file, options), options)
    const table = (await lake.createTable(identifier, declared)) as Table
    try {
      return await appendTo(table, file, options, context)
    } catch (error) {
      throw await withoutEmptyTable(lake, identifier, table, error)
    }
  } finally {
    await remove()
  }
}

async function loadTable(lake: Lake, identifier: readonly string[]): Promise<Table> {
  try {
    return await lake.loadTable(identifier)
  } catch (error) {
    if (!isMoraineError(error, 'NOT_FOUND')) throw error
    throw new MoraineError(
      'NOT_FOUND',
      `${error.message}; --create makes it, with the columns of the input`,
      {
        context: error.context,
        cause: error,
      },
    )
  }
}

/**
 * Drops the table that was made for an append that failed, and gives the error to throw. A table that someone has
 * committed to since, or that may yet come to hold our commit, stays.
 */
async function withoutEmptyTable(
  lake: Lake,
  identifier: readonly string[],
  created: Table,
  failure: unknown,
): Promise<unknown> {
  if (isMoraineError(failure, 'COMMIT_STATE_UNKNOWN')) return failure
  try {
    await lake.dropTable(identifier, { purge: true, ifMetadataLocation: created.metadataLocation })
    return failure
  } catch (error) {
    const isAnothers = isMoraineError(error, 'NOT_FOUND') || isMoraineError(error, 'VALIDATION_FAILED')
    if (isAnothers || !isMoraineError(failure)) return failure
    const message = `${failure.message}; the new, empty table stays: ${messageOf(error)}`
    return new MoraineError(failure.code, message, {
      context: failure.context,
      cause: failure,
      retryable: failure.retryable,
      cleanable: failure.cleanable,
    })
  }
}

async function appendTo(
  table: Table,
  input: Input,
  options: VerbOptions,
  context: VerbContext,
): Promise<Appended> {
  try {
    const items = counted(readInput(input, table.schema.fields), context)
    const after = await table.append(items, { ...appendOptions(options), signal: input.signal })
    return { before: table, after }
  } catch (error) {
    throw namingInput(input, error)
  }
}

/** A row that does not fit is the input's fault, not the command's; its number then counts from 1. */
function namingInput({ name }: Input, error: unknown): unknown {
  if (!isMoraineError(error, 'INVALID_ARGUMENT')) return error
  const { row } = error.context
  const message =
    typeof row === 'number' ? error.message.replace(/^row \d+/, `record ${row + 1}`) : error.message
  return new MoraineError('INVALID_DATA', `${name}, ${message}; nothing was appended`, {
    context: { ...error.context, file: name },
    cause: error,
  })
}

type Item = Record<string, unknown> | RecordBatch

/** Passes items on and reports their number about twice a second. */
async function* counted(items: AsyncIterable<Item>, { progress }: VerbContext) {
  const started = Date.now()
  let rows = 0
  let next = started + 500
  try {
    for await (const item of items) {
      yield item as Record<string, unknown>
      rows += 'numRows' in item && typeof item.numRows === 'number' ? item.numRows : 1
      const now = Date.now()
      if (now < next) continue
      const rate = Math.round((rows * 1000) / (now - started))
      progress(`${rows.toLocaleString('en')} rows, ${rate.toLocaleString('en')} rows/s`)
      next = now + 500
    }
  } finally {
    progress('')
  }
}
