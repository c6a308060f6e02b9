import type { DataFile } from '../format/manifest.ts'

/** Files and rows that a snapshot adds and removes, under the names of the spec (Appendix F) and as Iceberg Java counts. */
export class FileCounts {
  readonly #counts = new Map<string, bigint>()

  added(file: DataFile): void {
    if (file.content === 'data') {
      this.#count('added-data-files', 1n)
      this.#count('added-records', file.recordCount)
    } else this.#countDeletes('added', file)
    this.#count('added-files-size', sizeOf(file))
  }

  removed(file: DataFile): void {
    if (file.content === 'data') {
      this.#count('deleted-data-files', 1n)
      this.#count('deleted-records', file.recordCount)
    } else this.#countDeletes('removed', file)
    this.#count('removed-files-size', sizeOf(file))
  }

  /** Those above zero. */
  entries(): Record<string, string> {
    return Object.fromEntries(
      NAMES.flatMap((name) => {
        const count = this.#of(name)
        return count > 0n ? [[name, count.toString()]] : []
      }),
    )
  }

  /** By how much the table's totals change. */
  totals(): readonly (readonly [name: string, change: bigint])[] {
    return TOTALS.map(([name, more, less]) => [name, this.#of(more) - this.#of(less)])
  }

  #countDeletes(side: 'added' | 'removed', file: DataFile): void {
    this.#count(`${side}-delete-files`, 1n)
    if (file.content === 'equality-deletes') {
      this.#count(`${side}-equality-delete-files`, 1n)
      this.#count(`${side}-equality-deletes`, file.recordCount)
      return
    }
    this.#count(file.fileFormat === 'puffin' ? `${side}-dvs` : `${side}-position-delete-files`, 1n)
    this.#count(`${side}-position-deletes`, file.recordCount)
  }

  #count(name: string, more: bigint): void {
    this.#counts.set(name, this.#of(name) + more)
  }

  #of(name: string): bigint {
    return this.#counts.get(name) ?? 0n
  }
}

/** Several deletion vectors may lie in one file. */
function sizeOf({ contentSizeInBytes, fileSizeInBytes }: DataFile): bigint {
  return contentSizeInBytes ?? fileSizeInBytes
}

const NAMES = [
  'added-data-files',
  'deleted-data-files',
  'added-delete-files',
  'removed-delete-files',
  'added-equality-delete-files',
  'removed-equality-delete-files',
  'added-position-delete-files',
  'removed-position-delete-files',
  'added-dvs',
  'removed-dvs',
  'added-records',
  'deleted-records',
  'added-position-deletes',
  'removed-position-deletes',
  'added-equality-deletes',
  'removed-equality-deletes',
  'added-files-size',
  'removed-files-size',
]

const TOTALS = [
  ['total-records', 'added-records', 'deleted-records'],
  ['total-files-size', 'added-files-size', 'removed-files-size'],
  ['total-data-files', 'added-data-files', 'deleted-data-files'],
  ['total-delete-files', 'added-delete-files', 'removed-delete-files'],
  ['total-position-deletes', 'added-position-deletes', 'removed-position-deletes'],
  ['total-equality-deletes', 'added-equality-deletes', 'removed-equality-deletes'],
] as const
