import { inFile } from '../format/errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { countedWindows, decodeHere, decodeThere, encodedBytes, type RowsPlace } from './decode-rows.ts'
import { type EncodedRows, fetchRows } from './fetch-rows.ts'
import { type FilePlan, planFile } from './file-plan.ts'
import type { Decoding, OpenDataFile } from './open-file.ts'
import { openParquet as openSource, type ParquetSource } from './parquet-source.ts'
import type { RowRanges } from './row-ranges.ts'
import { type GroupSelection, narrowByBloomFilters, selectRows } from './select-rows.ts'

/** Opens a Parquet data file: reads its footer, and as much of its indexes as helps. Its pieces are row groups. */
export const openParquet: OpenDataFile = async ({
  task,
  location,
  filter,
  deletes,
  options,
  store,
  signal,
}) => {
  const [source, taskDeletes] = await Promise.all([
    openSource(store, location, task.dataFile.fileSizeInBytes, signal),
    deletes,
  ])
  const plan = inFile(location, () => planFile(task, source.footer, filter, taskDeletes, options))
  const groups = await selectRows(store, source, plan, signal)
  const pieces = groups.map((group) => ({
    bytes: group.bytes,
    fetch: (aborted: AbortSignal) => fetchGroup(store, source, plan, group, aborted),
  }))
  return { task, location, plan, pieces }
}

async function fetchGroup(
  store: ObjectStore,
  source: ParquetSource,
  plan: FilePlan,
  group: GroupSelection,
  signal: AbortSignal,
): Promise<readonly Decoding[]> {
  const rows = await narrowByBloomFilters(store, source, plan, group, signal)
  const place = { location: source.location, position: group.position }
  if (plan.leaves.size === 0) return [counting(place, rows)]
  const encoded = await fetchRows(store, source, { ...group, rows }, signal)
  return encoded.map((part) => decoding(place, part))
}

function counting(place: RowsPlace, rows: RowRanges): Decoding {
  return { bytes: 0, windows: ({ batchSize }) => countedWindows(place, rows, batchSize) }
}

/** Encoded bytes of one scan that are decoded sooner than a thread has started. */
const BEFORE_START = 2 ** 20
/** Encoded bytes that are decoded sooner than a thread has been told of them. */
const BEFORE_HOP = 2 ** 16

/** Here or in another thread, whichever is sooner. */
function decoding(place: RowsPlace, part: EncodedRows): Decoding {
  const bytes = encodedBytes(part)
  return {
    bytes,
    windows: ({ codec, workers, batchSize, bytesSoFar, signal }) => {
      const hereIsFaster = workers?.started ? bytes < BEFORE_HOP : bytesSoFar < BEFORE_START
      return workers === undefined || hereIsFaster
        ? decodeHere(place, part, codec, batchSize, signal)
        : decodeThere(place, part, workers, batchSize, signal)
    },
  }
}
