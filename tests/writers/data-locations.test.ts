import { describe, expect, test } from 'vitest'
import { dataLocations } from '../../writers/data-locations.ts'

const table = 'file:///lake/t'

describe('where data files go', () => {
  test('below the partition, whose escaped names stay as Iceberg Java has them', () => {
    const at = dataLocations(table, {})
    expect(at('', 'f.parquet')).toBe(`${table}/data/f.parquet`)
    expect(at('a=1/b=x%2Fy', 'f.parquet')).toBe(`${table}/data/a=1/b=x%2Fy/f.parquet`)
    const long = `a=${'x'.repeat(253)}`
    expect(at(long, 'f.parquet')).toBe(`${table}/data/${long}/f.parquet`)
  })

  test.each([false, true])(
    'under names that file systems take, however long a partition value is (object storage: %s)',
    (objectStorage) => {
      const at = dataLocations(table, { 'write.object-storage.enabled': String(objectStorage) })
      const values = ['京'.repeat(28), '京'.repeat(300), `${'京'.repeat(300)}都`, 'x'.repeat(5000)]
      const folders = values.map(
        (value) =>
          at(`id=7/city=${encodeURIComponent(value)}`, 'f')
            .split('/')
            .at(-2)!,
      )
      expect(new Set(folders).size).toBe(values.length)
      for (const folder of folders) {
        expect(folder).toMatch(/^city=(%[0-9A-F]{2}|x){1,250}(-[0-9a-f]{8})?$/)
        expect(folder.length).toBeLessThanOrEqual(255)
      }
    },
  )
})
