import { bucket, day, schema, t } from '../../index.ts'

/** What makes a table with a column of each shape that evolutions treat differently, partitioned and sorted. */
export function everyShape(formatVersion: number) {
  return {
    schema: schema({
      id: t.long(),
      must: t.string().required(),
      n: t.int(),
      f: t.float(),
      d: t.decimal(6, 2),
      at: t.timestamptz(),
      c: t.struct({ a: t.int(), b: t.struct({ x: t.string() }) }),
      l: t.list(t.struct({ k: t.string() })),
      m: t.map(t.string(), t.struct({ w: t.float() })),
    }),
    partitionBy: [bucket('id', 4), day('at')],
    sortBy: ['id'],
    properties: { 'format-version': `${formatVersion}` },
  }
}
