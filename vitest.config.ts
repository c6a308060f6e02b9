import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: 'tests/setup/build.ts',
    include: ['tests/**/*.test.ts'],
    exclude: [
      'tests/interop/**',
      'tests/s3/**',
      'tests/bad-stores/**',
      'tests/package/**',
      'node_modules/**',
    ],
    testTimeout: 120_000,
    pool: 'threads',
    // Modules are loaded once for all files: no test may rest on their state.
    isolate: false,
    maxWorkers: 2,
  },
})
