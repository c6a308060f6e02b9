/** Moraine: Apache Iceberg tables inside a Node process. The whole public surface. */

export type { RecordBatch } from 'apache-arrow'
export type {
  Catalog,
  CatalogCallOptions,
  CommitRequest,
  CommitResult,
  CreateTableRequest,
  DropOptions,
  LoadedTable,
  LoadOptions,
  TableIdentifier,
} from './catalog/catalog.ts'
export type { ColumnPath } from './format/column-path.ts'
export type { Environment } from './format/environment.ts'
export {
  type ErrorCode,
  type ErrorContext,
  type ErrorOptions,
  invalidArgument,
  isMoraineError,
  MoraineError,
  messageOf,
  type SerializedError,
} from './format/errors.ts'
export type { EvolutionStep, SortTermStep } from './format/evolution.ts'
export {
  alwaysFalse,
  alwaysTrue,
  and,
  eq,
  gt,
  gtEq,
  isIn,
  isNan,
  isNull,
  lt,
  ltEq,
  not,
  notEq,
  notIn,
  notNan,
  notNull,
  notStartsWith,
  or,
  startsWith,
} from './format/expressions/build.ts'
export type {
  Expression,
  LiteralInput,
  LiteralOperator,
  Reference,
  SetOperator,
  Term,
  UnaryOperator,
} from './format/expressions/expression.ts'
export { parseWhere } from './format/expressions/where-text.ts'
export {
  type JsonObject,
  type JsonValue,
  type ParseJsonOptions,
  parseJson,
  stringifyJson,
} from './format/lossless-json.ts'
export type {
  DataFile,
  FileContent,
  FileFormat,
  FileMetrics,
  ManifestContent,
  PartitionTuple,
} from './format/manifest.ts'
export type { PartitionField, PartitionSpec } from './format/partition-spec.ts'
export type { PartitionStep } from './format/partition-spec-update.ts'
export { type ReadLimits, readLimits, setReadLimits } from './format/read-limits.ts'
export { decodeRowJson, encodeRowJson } from './format/row-json.ts'
export { fieldsById, findFieldById, type Schema, type SchemaField } from './format/schema.ts'
export { schemaFromJson, schemaToJson } from './format/schema-json.ts'
export type { ColumnPlace, NewColumn, SchemaStep } from './format/schema-update/schema-step.ts'
export type { Snapshot, SnapshotRef, SnapshotRefType } from './format/snapshot.ts'
export type { SortField, SortOrder } from './format/sort-order.ts'
export type {
  FormatVersion,
  MetadataLogEntry,
  SnapshotLogEntry,
  StatisticsFile,
  TableMetadata,
} from './format/table-metadata.ts'
export type { TableRequirement } from './format/table-requirement.ts'
export type { TableUpdate } from './format/table-update.ts'
export { transformToString } from './format/transforms/parse.ts'
export type { Transform } from './format/transforms/transform.ts'
export {
  type DecimalType,
  type FixedType,
  type GeographyType,
  type GeometryType,
  type ListType,
  type Literal,
  type MapType,
  type MapValue,
  type NestedField,
  type NestedType,
  type PrimitiveType,
  type SimplePrimitive,
  type SimplePrimitiveKind,
  type StructType,
  type StructValue,
  type Type,
  typeToString,
  type Value,
  type VariantType,
} from './format/types.ts'
export { version } from './format/version.ts'
export type { ParquetInput } from './readers/parquet-input.ts'
export type { PlanReport } from './readers/plan.ts'
export type { RowOptions } from './readers/rows.ts'
export type { Scan, ScanOptions } from './readers/scan.ts'
export type { DeleteFileRef, ScanTask } from './readers/scan-task.ts'
export type {
  ColumnPaths,
  FirstName,
  MetadataValues,
  Pruned,
  RowWithDates,
  SelectedRow,
  ValueAt,
} from './readers/selected-row.ts'
export type { CommitId } from './snapshot/commit-id.ts'
export type { Offsets } from './snapshot/offsets.ts'
export type { RefRetention } from './snapshot/ref-change.ts'
export type { SnapshotSelector } from './snapshot/timeline.ts'
export type { Durability } from './storage/file/publish.ts'
export { FileStore, type FileStoreOptions } from './storage/file-store.ts'
export { MemoryStore, type MemoryStoreOptions } from './storage/memory-store.ts'
export type {
  GetOptions,
  ObjectInfo,
  ObjectStore,
  ObjectWriter,
  PutOptions,
  PutResult,
  RequestOptions,
  StoreCapabilities,
  StoreCounters,
  StoreDescription,
  WrittenObject,
} from './storage/object-store.ts'
export type {
  ProbeCheck,
  ProbeCheckName,
  ProbeReport,
  ProbeResult,
} from './storage/probe/probe-report.ts'
export type { RetryTiming } from './storage/s3/retrying-api.ts'
export type { S3Credentials, S3CredentialsProvider, S3Options } from './storage/s3/s3-settings.ts'
export { S3Store, type S3StoreOptions } from './storage/s3-store.ts'
export type { AppendOptions } from './table/append.ts'
export { type ConnectOptions, connect } from './table/connect.ts'
export { type DebeziumOptions, type DebeziumRow, decodeDebezium } from './table/debezium/decode-debezium.ts'
export {
  type AnyColumn,
  asc,
  bucket,
  type Column,
  type Columns,
  day,
  desc,
  hour,
  type Instant,
  identity,
  type MapInput,
  month,
  type OptionalKeys,
  type PartitionTerm,
  type ReadOf,
  type ReadStruct,
  type Row,
  type RowInput,
  type SortTerm,
  schema,
  type TableSchema,
  t,
  truncate,
  type WriteOf,
  type WriteStruct,
  year,
} from './table/declare.ts'
export type { FileRow, ManifestRow, PartitionRow, TableInspector } from './table/inspect.ts'
export type { CreateTableOptions, InputOf, Lake, ProbeStoreOptions, RowOf, TableName } from './table/lake.ts'
export { type OpenTableOptions, openTable } from './table/open-table.ts'
export { readParquet } from './table/read-parquet.ts'
export type { CreateBranchOptions, CreateTagOptions, RefOptions, RollbackOptions } from './table/refs.ts'
export type { Progress, Sink, SinkOptions, UpsertOnly } from './table/sink/sink.ts'
export type { SinkCommit } from './table/sink/sink-commit.ts'
export type { SinkMeter } from './table/sink/sink-metrics.ts'
export type { AppendInput, RowWithOp, SomeColumns, Table } from './table/table.ts'
export type {
  EvolveOptions,
  IncompatibleOptions,
  MoveTarget,
  TableEvolution,
} from './table/table-evolution.ts'
export type { OpOption, RowOp } from './table/upsert/batches-with-ops.ts'
export type { DeleteOptions } from './table/upsert/delete.ts'
export type { MergeOptions } from './table/upsert/merge.ts'
export type { MatchedClause, MergeClauses, NotMatchedClause } from './table/upsert/merge-clauses.ts'
export type { OverwriteOptions } from './table/upsert/overwrite.ts'
export type { RowCounts } from './table/upsert/row-counts.ts'
export type { RowOpsOptions } from './table/upsert/row-ops.ts'
export type { SequenceGroup } from './table/upsert/sequence-groups.ts'
export type { NewValues } from './table/upsert/set-values.ts'
export type { UpsertOptions } from './table/upsert/upsert-options.ts'
