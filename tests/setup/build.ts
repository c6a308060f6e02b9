import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

/**
 * Builds `dist/` before any test runs: workers and child processes run what is built of the sources, since Node 20 runs
 * no TypeScript, and must not run what was built of older ones. Types are `npm run check`'s to judge.
 */
export default function build(): void {
  const root = resolve(import.meta.dirname, '../..')
  try {
    execFileSync(
      process.execPath,
      [resolve(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
      {
        cwd: root,
        stdio: 'pipe',
      },
    )
  } catch (error) {
    // 1 and 2: there are type errors, and files were written all the same.
    const { status } = error as { status: number | null }
    if (status !== 1 && status !== 2) throw error
  }
}
