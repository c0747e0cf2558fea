/** What is published: the binary, package.json, one instance for import and require, and life in Workers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { addonPath, packageRoot } from './helpers/addon.js'
import { startNode } from './helpers/fixture.js'
import { output } from './helpers/shell.js'

function highest(text: string, prefix: string): number[] {
  const versions = [...text.matchAll(new RegExp(`\\b${prefix}_(\\d+(?:\\.\\d+)+)`, 'g'))].map(
    ([, version = '']) => version.split('.').map(Number),
  )
  const order = (a: number[], b: number[]): number => {
    for (let index = 0; index < Math.max(a.length, b.length); index++) {
      const difference = (a[index] ?? 0) - (b[index] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }
  return versions.sort(order).at(-1) ?? []
}

describe(`the binary ${addonPath}`, () => {
  const dynamic = output('readelf', '-dW', addonPath)
  // A sanitizer's build is for this suite, and is never published: it brings symbols and versions of its own.
  const sanitized = /NEEDED.*lib(asan|ubsan|tsan)/.test(dynamic)
  const symbols = output('objdump', '-T', addonPath)

  test.skipIf(sanitized)(
    'exports its two symbols and nothing else [needs a build without sanitizers]',
    () => {
      const exported = output('nm', '-D', '--defined-only', addonPath)
        .trim()
        .split('\n')
        .map((line) => line.split(' ').at(-1))
      expect(exported.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1'])
    },
  )

  test.skipIf(sanitized)('needs no glibc after 2.28 [needs a build without sanitizers]', () => {
    const [major, minor = 0] = highest(symbols, 'GLIBC')
    expect(major).toBe(2)
    expect(minor).toBeLessThanOrEqual(28)
  })

  test.skipIf(sanitized)('needs no GLIBCXX after 3.4.25 [needs a build without sanitizers]', () => {
    const version = highest(symbols, 'GLIBCXX')
    if (version.length === 0) return // it uses none
    expect(version.slice(0, 2)).toEqual([3, 4])
    expect(version[2] ?? 0).toBeLessThanOrEqual(25)
  })

  test('the comparison of versions is one of numbers', () => {
    expect(highest('GLIBC_2.9 GLIBC_2.28 GLIBC_2.2.5', 'GLIBC')).toEqual([2, 28])
  })

  test('stays mapped when its last user ends', () => {
    expect(dynamic).toMatch(/FLAGS_1.*\bNODELETE\b/)
  })
})

describe('package.json', () => {
  const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    gypfile: boolean
    scripts: Record<string, string>
    exports: Record<string, unknown>
    files: string[]
  }

  test('runs nothing on install', () => {
    for (const name of ['preinstall', 'install', 'postinstall'])
      expect(manifest.scripts).not.toHaveProperty(name)
    expect(manifest.gypfile).toBe(false)
  })

  test('publishes what it exports', () => {
    expect(manifest.files).toContain('dist')
    expect(manifest.files).toContain('prebuilds')
    for (const target of JSON.stringify(manifest.exports).matchAll(/"\.\/([^"]+\.(?:m?js|d\.m?ts))"/g)) {
      expect(readFileSync(join(packageRoot, String(target[1])), 'utf8')).not.toBe('')
    }
  })
})

test('import and require give the same instance', async () => {
  const report = await startNode('instances.mjs').next<{
    names: [string[], string[]]
    syscallNames: [string[], string[]]
    version: string
  }>('the report')
  expect(report).toMatchObject({
    same: true,
    sameSyscalls: true,
    shared: true,
    hidden: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
  })
  expect(report.names[0]).toEqual(report.names[1])
  expect(report.names[0]).toContain('kill')
  expect(report.syscallNames[0]).toEqual(report.syscallNames[1])
  expect(report.syscallNames[0]).toContain('setpgid')
  expect(report.version).toMatch(/^\d+\.\d+\.\d+/)
})

test.each([['main'], ['workers']])(
  '20 Workers load it and end, one after the other: first in %s',
  async (first) => {
    const program = startNode('workers.mjs', { args: [first] })
    const report = await program.next<{ results: boolean[]; after: boolean }>('the report of 20 Workers')
    expect(report).toEqual({ results: Array.from({ length: 20 }, () => true), after: true })
    expect(await program.ended()).toEqual({ code: 0, signal: null })
  },
)
