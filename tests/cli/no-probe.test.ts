import { afterEach, expect, test, vi } from 'vitest'
import { fail, type ScriptedServer, SECRETS, scriptedServer } from '../storage/s3/scripted-server.ts'
import { file, moraine } from './shell.ts'

let server: ScriptedServer
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.stop()
})

test('--no-probe leaves out the probe of a bucket, as the error of a probe advises', async () => {
  server = await scriptedServer(({ method, url }, answer) => {
    if (method === 'PUT') fail(answer, 403, 'AccessDenied')
    else if (url.includes('list-type=2')) answer.end('<ListBucketResult></ListBucketResult>')
    else fail(answer, 404, 'NoSuchKey')
  })
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint)
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', SECRETS.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRETS.secretAccessKey)
  const create = ['create', 'a.t', '-c', 's3://acme/wh', '--from', await file('rows.csv', 'id\n1\n')]
  const probes = () => server.seen.filter(({ url }) => url.includes('_moraine/probe')).length
  const unprobed = await moraine([...create, '--no-probe'])
  expect(unprobed).toMatchObject({ code: 1, stderr: expect.stringContaining('access denied') })
  expect(probes()).toBe(0)
  const probed = await moraine(create)
  expect(probed).toMatchObject({ code: 1, stderr: expect.stringContaining('give --no-probe') })
  expect(probes()).toBeGreaterThan(0)
})
