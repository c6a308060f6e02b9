import type { ObjectStore, Table } from '../../index.ts'
import { openParquet } from '../../readers/parquet-source.ts'

/** Bytes of all column chunks of one leaf (`a.b.c`), by the footers of the table's files. */
export async function bytesOfLeaf(table: Table, store: ObjectStore, leaf: string): Promise<number> {
  let bytes = 0n
  for await (const { dataFile } of table.scan().tasks()) {
    const { footer } = await openParquet(store, dataFile.filePath, dataFile.fileSizeInBytes)
    for (const { columns } of footer.rowGroups) {
      const column = columns.find(({ pathInSchema }) => pathInSchema.join('.') === leaf)
      bytes += column?.totalCompressedSize ?? 0n
    }
  }
  return Number(bytes)
}
