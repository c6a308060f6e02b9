import { defineConfig } from 'vitest/config'

/** The probe against S3 servers that are known to lose races: S3Mock 5.2.0 and s3s-fs 0.14.1. */
export default defineConfig({
  test: {
    include: ['tests/bad-stores/**/*.test.ts'],
    testTimeout: 120_000,
  },
})
