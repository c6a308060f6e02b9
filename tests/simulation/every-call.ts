import type { ObjectStore, ObjectWriter } from '../../storage/object-store.ts'
import { type StoreCall, wrappedStore } from './wrapped-store.ts'

/** `write` and `close` are those of an object that is streamed, as is `drop`, its abort. */
export type AnyCall = StoreCall | 'write' | 'close' | 'drop'

/** Runs around every call, those of open writers included. */
export type AroundAny = <T>(
  call: AnyCall,
  locations: readonly string[],
  apply: () => Promise<T>,
) => Promise<T>

export function everyCall(inner: ObjectStore, around: AroundAny): ObjectStore {
  const wrapped = wrappedStore(inner, around)
  return {
    ...wrapped,
    openWrite: async (location, options) => {
      const writer = await wrapped.openWrite(location, options)
      return wrappedWriter(writer, location, around)
    },
  }
}

function wrappedWriter(writer: ObjectWriter, location: string, around: AroundAny): ObjectWriter {
  return {
    get bytesWritten() {
      return writer.bytesWritten
    },
    write: (chunk) => around('write', [location], () => writer.write(chunk)),
    close: () => around('close', [location], () => writer.close()),
    abort: () => around('drop', [location], () => writer.abort()),
  }
}
