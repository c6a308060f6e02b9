import { expect, inject, it } from 'vitest'
import { S3Store } from '../../storage/s3-store.ts'
import { appendWork } from '../many-writers/append-work.ts'
import { expectNoViolation, runManyWriters, SIZE } from '../many-writers/many-writers.ts'
import { sinkWork } from '../many-writers/sink-work.ts'
import { upsertWork } from '../many-writers/upsert-work.ts'
import { newBucket } from './bucket.ts'
import { seededFaults, startFaultProxy } from './fault-proxy.ts'

const FAULT_RATE = 0.1

for (const [verb, work] of [
  ['append', appendWork],
  ['upsert', upsertWork(3)],
  ['sink', sinkWork],
] as const) {
  it(`processes of ${verb}s to one bucket and are killed lose no acknowledged row and double none`, async () => {
    const { location, properties } = await newBucket()
    const figures = await runManyWriters({
      ...SIZE,
      work,
      uri: location,
      options: { properties, parallelism: 0 },
      // Who is killed while it probes leaves the probe's objects, and has written nothing.
      writerOptions: { properties, parallelism: 0, probe: false },
      store: new S3Store({ properties }),
    })
    expectNoViolation(`bucket, ${verb}`, figures, SIZE)
    expect(figures.killed).toBeGreaterThan(0)
  }, 3_600_000)

  it(`neither do those of ${verb}s where the network fails as well`, async () => {
    const { location, properties } = await newBucket()
    const proxy = await startFaultProxy(inject('s3').endpoint, seededFaults(SIZE.seed, FAULT_RATE))
    const through = { ...properties, 's3.endpoint': proxy.endpoint, 's3.request-timeout': '2' }
    try {
      const figures = await runManyWriters({
        ...SIZE,
        work,
        uri: location,
        options: { properties, parallelism: 0 },
        writerOptions: { properties: through, parallelism: 0, probe: false },
        store: new S3Store({ properties }),
      })
      await proxy.calm()
      console.info(
        'faults:',
        JSON.stringify(Object.fromEntries(proxy.struck)),
        'of',
        proxy.requests,
        'requests',
      )
      expectNoViolation(`bucket behind a failing network, ${verb}`, figures, SIZE)
    } finally {
      await proxy.stop()
    }
  }, 3_600_000)
}
