/** Iceberg's table properties as one typed table, under their own names and with Iceberg's defaults. */
import { invalidArgument } from './errors.ts'
import {
  boolean,
  integer,
  type MetricsMode,
  metricsMode,
  oneOf,
  type PropertyParser,
  string,
} from './property-parsers.ts'
import { findFieldByName, type Schema } from './schema.ts'
import { describeValue } from './values/mismatch.ts'

export type { MetricsMode } from './property-parsers.ts'

export interface PropertyDefinition<T, D extends T | undefined> {
  readonly parser: PropertyParser<T>
  readonly default: D
  /** What the property does, in one sentence. */
  readonly sentence: string
}

const parquetCodec = oneOf('zstd', 'snappy', 'gzip', 'uncompressed', 'brotli', 'lz4', 'lz4_raw', 'lzo')
const avroCodec = oneOf('gzip', 'zstd', 'snappy', 'uncompressed')
const fileFormat = oneOf('parquet', 'avro', 'orc')
const writeMode = oneOf('copy-on-write', 'merge-on-read')
const isolationLevel = oneOf('serializable', 'snapshot')
const ZSTD_MIN_LEVEL = -131072
const MiB = 1024 * 1024
const MINUTE = 60_000

/** Every table property that this library reads. A property without a default is undefined when it is not set. */
export const tableProperties = {
  'format-version': define(integer(1), undefined, 'Selects the format version when a table is created.'),

  'commit.retry.num-retries': define(integer(), 4, 'How often a commit that lost a race is tried again.'),
  'commit.retry.min-wait-ms': define(integer(), 100, 'The least wait before a commit is tried again.'),
  'commit.retry.max-wait-ms': define(integer(), MINUTE, 'The longest wait before a commit is tried again.'),
  'commit.retry.total-timeout-ms': define(integer(), 30 * MINUTE, 'How long a commit may be tried in all.'),
  'commit.status-check.num-retries': define(
    integer(),
    3,
    'How often the outcome of a commit is looked for when it is unknown.',
  ),
  'commit.status-check.min-wait-ms': define(
    integer(),
    1000,
    'The least wait before the outcome is looked for again.',
  ),
  'commit.status-check.max-wait-ms': define(
    integer(),
    MINUTE,
    'The longest wait before it is looked for again.',
  ),
  'commit.status-check.total-timeout-ms': define(
    integer(),
    30 * MINUTE,
    'How long the outcome is looked for in all.',
  ),
  'commit.manifest.target-size-bytes': define(integer(1), 8 * MiB, 'The size to which manifests are merged.'),
  'commit.manifest.min-count-to-merge': define(
    integer(),
    100,
    'How many manifests pile up before they are merged.',
  ),
  'commit.manifest-merge.enabled': define(boolean, true, 'Whether appends merge manifests.'),

  'write.format.default': define(fileFormat, 'parquet', 'The file format of data files.'),
  'write.delete.format.default': define(fileFormat, undefined, 'The file format of delete files.'),
  'write.target-file-size-bytes': define(integer(1), 512 * MiB, 'The size at which a data file is closed.'),
  'write.delete.target-file-size-bytes': define(
    integer(1),
    64 * MiB,
    'The size at which a delete file is closed.',
  ),
  'write.parquet.row-group-size-bytes': define(integer(1), 128 * MiB, 'The size of a Parquet row group.'),
  'write.parquet.page-size-bytes': define(integer(1), MiB, 'The size of a Parquet page.'),
  'write.parquet.page-row-limit': define(integer(1), 20_000, 'The most rows of a Parquet page.'),
  'write.parquet.dict-size-bytes': define(
    integer(1),
    2 * MiB,
    'The size up to which a column has a dictionary.',
  ),
  'write.parquet.compression-codec': define(parquetCodec, 'zstd', 'The codec of Parquet pages.'),
  'write.parquet.compression-level': define(
    integer(ZSTD_MIN_LEVEL),
    undefined,
    'The level of the Parquet codec.',
  ),
  'write.avro.compression-codec': define(avroCodec, 'gzip', 'The codec of Avro data files.'),
  'write.manifest.compression-codec': define(avroCodec, 'gzip', 'The codec of manifests.'),

  'write.metadata.compression-codec': define(oneOf('none', 'gzip'), 'none', 'The codec of metadata files.'),
  'write.metadata.metrics.default': define(
    metricsMode,
    undefined,
    'The metrics kept of every column that has no mode of its own; truncate(16) for the first columns if not set.',
  ),
  'write.metadata.metrics.max-inferred-column-defaults': define(
    integer(),
    100,
    'How many columns have metrics when no mode is set.',
  ),
  'write.metadata.previous-versions-max': define(
    integer(),
    100,
    'How many metadata files the metadata log names.',
  ),
  'write.metadata.delete-after-commit.enabled': define(
    boolean,
    false,
    'Whether metadata files that fall out of the metadata log are deleted.',
  ),
  'write.metadata.path': define(
    string,
    undefined,
    'Where metadata files are written; below the table if not set.',
  ),
  'write.data.path': define(string, undefined, 'Where data files are written; below the table if not set.'),
  'write.object-storage.enabled': define(boolean, false, 'Whether data file paths start with a hash.'),
  'write.object-storage.partitioned-paths': define(
    boolean,
    true,
    'Whether hashed paths hold the partition too.',
  ),
  'write.summary.partition-limit': define(
    integer(),
    0,
    'Up to how many changed partitions a snapshot summary lists each of them.',
  ),
  'write.wap.enabled': define(boolean, false, 'Whether writes may be staged before they are published.'),
  'write.upsert.enabled': define(boolean, false, 'Whether writers upsert by the identifier fields.'),
  'write.delete.mode': define(writeMode, undefined, 'How deletes are written.'),
  'write.update.mode': define(writeMode, undefined, 'How updates are written.'),
  'write.merge.mode': define(writeMode, undefined, 'How merges are written.'),
  'write.delete.isolation-level': define(isolationLevel, 'serializable', 'The isolation of deletes.'),
  'write.update.isolation-level': define(isolationLevel, 'serializable', 'The isolation of updates.'),
  'write.merge.isolation-level': define(isolationLevel, 'serializable', 'The isolation of merges.'),
  'moraine.key-index.enabled': define(
    boolean,
    true,
    'Whether upserts and deletes by key keep an index of keys beside the table.',
  ),
  'write.delete.granularity': define(
    oneOf('partition', 'file'),
    'partition',
    'How position deletes are grouped.',
  ),

  'history.expire.max-snapshot-age-ms': define(
    integer(),
    5 * 24 * 60 * MINUTE,
    'The age at which snapshots expire.',
  ),
  'history.expire.min-snapshots-to-keep': define(
    integer(1),
    1,
    'How many snapshots of a branch never expire.',
  ),
  'history.expire.max-ref-age-ms': define(
    integer(),
    Number.MAX_SAFE_INTEGER,
    'The age at which references but main expire.',
  ),
  'gc.enabled': define(boolean, true, 'Whether files of the table may be deleted as garbage.'),

  'read.split.target-size': define(integer(1), 128 * MiB, 'The size of a scan task.'),
  'read.split.metadata-target-size': define(integer(1), 32 * MiB, 'The size of a scan task over metadata.'),
  'read.split.planning-lookback': define(integer(1), 10, 'How many tasks are open while files are packed.'),
  'read.split.open-file-cost': define(integer(), 4 * MiB, 'The least size that a file counts with.'),
  'schema.name-mapping.default': define(string, undefined, 'Field ids by name, for files without field ids.'),
} as const satisfies Record<string, PropertyDefinition<unknown, unknown>>

export type TablePropertyName = keyof typeof tableProperties
export type TablePropertyValue<N extends TablePropertyName> =
  (typeof tableProperties)[N] extends PropertyDefinition<infer T, infer D> ? T | D : never

/** The metrics mode of a column stands under this prefix and the column's full name. */
export const METRICS_COLUMN_PREFIX = 'write.metadata.metrics.column.'

/** A property's value, or its default. A bad value throws INVALID_ARGUMENT naming the property and both values. */
export function readProperty<N extends TablePropertyName>(
  properties: Readonly<Record<string, string>>,
  name: N,
): TablePropertyValue<N>
export function readProperty(properties: Readonly<Record<string, string>>, name: TablePropertyName): unknown {
  const definition: PropertyDefinition<unknown, unknown> = tableProperties[name]
  const text = Object.hasOwn(properties, name) ? properties[name] : undefined
  return text === undefined ? definition.default : parseProperty(name, text, definition.parser)
}

const reservedNames = new Set([
  'format-version',
  'uuid',
  'snapshot-count',
  'current-snapshot-id',
  'current-snapshot-summary',
  'current-snapshot-timestamp-ms',
  'current-schema',
  'default-partition-spec',
  'default-sort-order',
])

/** Whether the name is one that Iceberg shows as a property but never stores. */
export function isReservedProperty(name: string): boolean {
  return reservedNames.has(name)
}

/** The explicit metrics modes by full column name. A bad mode throws INVALID_ARGUMENT. */
export function columnMetricsModes(
  properties: Readonly<Record<string, string>>,
): ReadonlyMap<string, MetricsMode> {
  const modes = new Map<string, MetricsMode>()
  for (const [name, text] of Object.entries(properties)) {
    if (!name.startsWith(METRICS_COLUMN_PREFIX)) continue
    modes.set(name.slice(METRICS_COLUMN_PREFIX.length), parseProperty(name, text, metricsMode))
  }
  return modes
}

/** Throws INVALID_ARGUMENT for a value that is no text: metadata with it is one that no engine loads. */
export function checkPropertyTexts(properties: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries<unknown>(properties)) {
    if (typeof value === 'string') continue
    throw invalidArgument(`the table property '${name}' must be a text, found ${describeValue(value)}`, {
      property: name,
    })
  }
}

/** Throws INVALID_ARGUMENT for a bad value of any property in the table above, or metrics of an unknown column. */
export function validateNewTableProperties(
  properties: Readonly<Record<string, string>>,
  schema: Pick<Schema, 'fields'>,
): void {
  for (const name of Object.keys(properties)) {
    if (isTablePropertyName(name)) readProperty(properties, name)
  }
  for (const column of columnMetricsModes(properties).keys()) {
    if (findFieldByName(schema, column) !== undefined) continue
    throw invalidArgument(
      `the table property '${METRICS_COLUMN_PREFIX}${column}' names a column that does not exist`,
    )
  }
}

export function isTablePropertyName(name: string): name is TablePropertyName {
  return Object.hasOwn(tableProperties, name)
}

function define<T, const D extends T | undefined>(
  parser: PropertyParser<T>,
  defaultValue: D,
  sentence: string,
): PropertyDefinition<T, D> {
  return { parser, default: defaultValue, sentence }
}

function parseProperty<T>(name: string, text: string, parser: PropertyParser<T>): T {
  const value = parser.parse(text.trim())
  if (value === undefined) {
    throw invalidArgument(
      `the table property '${name}' must be ${parser.expected}, found '${text.slice(0, 100)}'`,
      { property: name },
    )
  }
  return value
}
