import { MoraineError } from '../../../format/errors.ts'
import type { ScratchFile } from '../../../storage/scratch-file.ts'

/** Scratch files in memory, counted; together they hold `capacity` bytes, then the disk is full. */
export function memoryScratch(capacity = Number.POSITIVE_INFINITY) {
  const open = new Set<object>()
  const scratch = {
    filesEver: 0,
    mostOpenFiles: 0,
    get openFiles() {
      return open.size
    },
    async open(): Promise<ScratchFile> {
      let bytes = Buffer.alloc(0)
      const file: ScratchFile = {
        async write(chunk) {
          capacity -= chunk.length
          if (capacity < 0) throw new MoraineError('UNAVAILABLE', 'the disk is full')
          bytes = Buffer.concat([bytes, chunk])
        },
        async read(position, length) {
          if (!open.has(file) || position + length > bytes.length)
            throw new Error('read of what is not there')
          return Uint8Array.from(bytes.subarray(position, position + length))
        },
        async close() {
          if (!open.delete(file)) throw new Error('closed twice')
        },
      }
      open.add(file)
      scratch.filesEver++
      scratch.mostOpenFiles = Math.max(scratch.mostOpenFiles, open.size)
      return file
    },
  }
  return scratch
}
