import { afterEach, expect, inject, it, vi } from 'vitest'
import { file, lines, moraine, output } from '../cli/shell.ts'
import { newBucket } from './bucket.ts'

/** Who asks and where, as every AWS tool finds it. */
function environmentOf(server: { endpoint: string; accessKeyId: string; secretAccessKey: string }): void {
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint.replace('127.0.0.1', 'localhost'))
  vi.stubEnv('AWS_ACCESS_KEY_ID', server.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.secretAccessKey)
  vi.stubEnv('AWS_REGION', 'us-east-1')
}
afterEach(() => void vi.unstubAllEnvs())

it('takes s3: URIs wherever it takes a folder', async () => {
  environmentOf(inject('s3'))
  const { location } = await newBucket()
  const catalog = ['--catalog', `${location}/wh`]
  await output('append', 'shop.orders', await file('rows.csv', 'id,note\n1,a\n2,b\n'), '--create', ...catalog)
  expect(await output('ls', `${location}/wh`)).toContain('shop.orders')
  const table = `${location}/wh/shop/orders`
  for (const named of [[table], [`${table}/metadata/v2.metadata.json`], ['shop.orders', ...catalog]]) {
    expect(lines(await output('scan', ...named, '--format', 'csv'))).toEqual(['id,note', '1,a', '2,b'])
  }
  const [{ file_path: path }] = lines(await output('files', table, '--format', 'ndjson')).map(
    (line) => JSON.parse(line) as { file_path: string },
  ) as [{ file_path: string }]
  expect(path).toMatch(/^s3:/)
  await output('append', 'shop.copy', path, '--create', ...catalog)
  expect(lines(await output('scan', 'shop.copy', ...catalog, '--format', 'csv'))).toHaveLength(3)
})

it('says what is wrong with a bucket or with credentials', async () => {
  const server = inject('s3')
  environmentOf(server)
  const missing = await moraine(['ls', 's3://no-such-bucket-here/wh'])
  expect(missing.code).not.toBe(0)
  expect(missing.stderr).toContain("there is no bucket 'no-such-bucket-here'")
  const { location } = await newBucket()
  environmentOf({ ...server, secretAccessKey: 'canary-wrong' })
  const refused = await moraine(['ls', location])
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toMatch(/does not accept the credentials|access denied/)
  expect(refused.stderr).not.toContain('canary-wrong')
})
