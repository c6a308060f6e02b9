import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { version } from '../../format/version.ts'

const root = resolve(import.meta.dirname, '../..')
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
const documents = tracked.filter((file) => file.endsWith('.md') && !file.startsWith('docs/api/'))

describe('the documents', () => {
  test('name only files that are there', () => {
    expect(documents.length).toBeGreaterThan(15)
    const missing = documents.flatMap((document) => {
      const text = readFileSync(join(root, document), 'utf8')
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target]) =>
        join(dirname(document), target!),
      )
      const paths = [
        ...text.matchAll(
          /`((?:format|storage|catalog|snapshot|readers|writers|table|cli|tests|docs)\/[^`*…<]*)`/g,
        ),
      ]
      return [...links, ...paths.map(([, path]) => path!)]
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${document}: ${path}`)
    })
    expect(missing).toEqual([])
  })

  test('say the version that package.json has', () => {
    expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version).toBe(version)
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toContain(`## ${version}`)
  })

  test('and the lockfile name no registry', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"/)
  })
})
