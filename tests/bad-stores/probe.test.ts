import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Lake, type ProbeReport, schema, t } from '../../index.ts'
import { newBucket } from '../s3/bucket.ts'
import type { S3Server } from '../s3/s3-server.ts'
import { type BadServerKind, startBadServer } from './bad-server.ts'

const KINDS: readonly BadServerKind[] = ['s3mock', 's3s-fs']

describe.each(KINDS)('%s, which loses races', (kind) => {
  let server: S3Server | undefined
  beforeAll(async () => {
    server = await startBadServer(kind)
  }, 90_000)
  afterAll(async () => server?.stop())

  async function lakeIn(): Promise<{ readonly lake: Lake; readonly location: string }> {
    const { location, properties } = await newBucket(server!)
    return { lake: await connect(location, { properties }), location }
  }

  it('passes when it is asked one request after another', async () => {
    const { location, properties } = await newBucket(server!)
    const lake = await connect(location, { properties, probe: false })
    await lake.createTable('shop.orders', { schema: schema({ id: t.long() }) })
    const again = lake.createTable('shop.orders', { schema: schema({ id: t.long() }) })
    await expect(again).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
    await lake.close()
  })

  it('is red in the full probe', async () => {
    const { lake } = await lakeIn()
    const report: ProbeReport = await lake.probeStore()
    console.info(kind, report.checks)
    expect(report.isGreen).toBe(false)
    expect(report.checks).toContainEqual(expect.objectContaining({ name: 'create races', result: 'red' }))
    await lake.close()
  })

  it('is not written to', async () => {
    for (let bucket = 0; bucket < 5; bucket++) {
      const { lake } = await lakeIn()
      const create = lake.createTable('shop.orders', { schema: schema({ id: t.long() }) })
      await expect(create).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      await expect(create).rejects.toThrow(/create races: 20 keys × 16 creates at once: \d+ keys were/)
      await lake.close()
    }
  })
})
