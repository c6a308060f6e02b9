import { defineConfig } from 'vitest/config'

/** Suites that need other engines or other engines' tables; `.ci/run` installs them. */
export default defineConfig({
  test: {
    globalSetup: 'tests/setup/build.ts',
    include: ['tests/interop/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
