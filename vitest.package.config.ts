import { defineConfig } from 'vitest/config'

/** The package as it is published, in a project that installs it; asks the registry for its dependencies. */
export default defineConfig({
  test: {
    include: ['tests/package/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
})
