import { defineConfig } from 'vitest/config'

/** Suites against a real S3 server, versitygw unless MORAINE_S3_SERVER=minio; one is started for the run. */
export default defineConfig({
  test: {
    include: ['tests/s3/**/*.test.ts'],
    globalSetup: ['tests/setup/build.ts', 'tests/s3/global-setup.ts'],
    testTimeout: 120_000,
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
  },
})
