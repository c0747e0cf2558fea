/** The boundary: the raw functions, and what is said when the addon does not load. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { supported } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { addonPath, packageRoot } from './helpers/addon.js'
import { startNode } from './helpers/fixture.js'
import { Receiver } from './helpers/receiver.js'
import { temporaryDirectory } from './helpers/temporary-directory.js'
import { thrown } from './helpers/thrown.js'

type Raw = (...args: unknown[]) => number
const addon = createRequire(import.meta.url)(addonPath) as Record<string, Raw>

/** The members of `interface Native`, each with the types of its parameters. */
function declared(): Map<string, string[]> {
  const source = readFileSync(join(packageRoot, 'lib', 'native.ts'), 'utf8')
  const body = /export interface Native \{\n(.*?)\n\}/s.exec(source)?.[1] ?? ''
  const members = body.matchAll(/^ {2}(?:readonly )?(\w+)(?:\((.*)\))?: [^:]*$/gm)
  return new Map(
    [...members].map(([, name = '', parameters = '']) => [
      name,
      [...parameters.matchAll(/\w+: ([^,()]+|\(\) => void)/g)].map(([, type = '']) => type),
    ]),
  )
}

/** Right arguments for a function that sends, all of them to `pid`: one of them will be made wrong. */
const sending: Record<string, (pid: number) => unknown[]> = {
  kill: (pid) => [pid, 10],
  killpg: (pid) => [pid, 10],
  tgkill: (pid) => [pid, pid, 10],
  raise: () => [0],
  sigqueue: (pid) => [pid, 34, 7],
  rt_tgsigqueueinfo: (pid) => [pid, pid, 34, -1, 7],
  exit_by_signal: () => [0],
  getpgid: (pid) => [pid],
  getsid: (pid) => [pid],
  setpgid: (pid) => [pid, pid],
}

describe('the raw functions', () => {
  test('are those that lib/native.ts declares', () => {
    expect(declared().size).toBeGreaterThan(10)
    expect(Object.keys(addon).sort()).toEqual([...declared().keys()].sort())
  })

  test('each has its C prototype above it', () => {
    const source = readFileSync(join(packageRoot, 'lib', 'native.ts'), 'utf8')
    for (const name of declared().keys()) {
      if (name === 'constants') continue
      expect(source, name).toMatch(new RegExp(`  // .*\\n  ${name}\\(`))
    }
  })

  test('give a number, 0 or -errno, and throw nothing that the kernel said', () => {
    expect(supported).toBe(true)
    expect(addon.kill?.(process.pid, 0)).toBe(0)
    expect(addon.kill?.(ABSENT, 0)).toBe(-3)
    expect(addon.kill?.(process.pid, 999)).toBe(-22)
  })

  test('an argument of the wrong type is a TypeError, and nothing is sent', async () => {
    const receiver = await Receiver.start({ detached: true })
    const wrong: unknown[] = [
      undefined,
      null,
      '12',
      12n,
      true,
      {},
      [],
      Symbol('12'),
      { valueOf: () => receiver.pid },
    ]
    for (const [name, right] of Object.entries(sending)) {
      const types = declared().get(name) ?? []
      expect(types, name).toHaveLength(right(0).length)
      for (const [index, type] of types.entries()) {
        for (const value of wrong) {
          if (typeof value === 'bigint' && type.includes('bigint')) continue
          const args = right(receiver.pid).with(index, value)
          expect(
            thrown(() => addon[name]?.(...args)),
            `${name} ${index} ${typeof value}`,
          ).toBeInstanceOf(TypeError)
        }
      }
    }
    expect(await receiver.drain()).toEqual([])
  })

  test('a missing argument is a TypeError, in every function that takes any', async () => {
    const receiver = await Receiver.start({ detached: true })
    for (const [name, types] of declared()) {
      if (types.length === 0) continue
      expect(
        thrown(() => addon[name]?.()),
        name,
      ).toBeInstanceOf(TypeError)
      const args = sending[name]?.(receiver.pid).slice(0, -1)
      if (args !== undefined)
        expect(
          thrown(() => addon[name]?.(...args)),
          name,
        ).toBeInstanceOf(TypeError)
    }
    expect(await receiver.drain()).toEqual([])
  })
})

describe('when nothing loads, the error says what was looked for, why it failed and what to do', () => {
  async function failure(env: NodeJS.ProcessEnv, flags: string[] = []): Promise<string> {
    const line = await startNode('load.mjs', { env, flags }).next<{ message?: string }>('the failure')
    if (line.message === undefined) throw new Error('it loaded')
    return line.message
  }

  test('no binary at all', async () => {
    const empty = temporaryDirectory()
    const message = await failure({ SIGKIT_PREBUILD: empty })
    expect(message).toMatch(
      /^Could not load the sigkit addon for linux-\w+ \((glibc|musl), Node v[\d.]+\)\.$/m,
    )
    expect(message).toContain(`- ${join(empty, 'build', 'Release')} (absent)`)
    expect(message).toContain(`- ${join(empty, 'prebuilds', `linux-${process.arch}`)} (absent)`)
    expect(message).toContain('No native build was found')
    expect(message).toContain('What to do:\n- ')
    expect(message).toContain('npm run build')
  })

  test('a directory without a .node file', async () => {
    const empty = temporaryDirectory()
    mkdirSync(join(empty, 'build', 'Release'), { recursive: true })
    const message = await failure({ SIGKIT_PREBUILD: empty })
    expect(message).toContain(`- ${join(empty, 'build', 'Release')} (no .node file)`)
  })

  test('a broken binary', async () => {
    const broken = temporaryDirectory()
    const file = join(broken, 'build', 'Release', 'sigkit.node')
    mkdirSync(join(broken, 'build', 'Release'), { recursive: true })
    writeFileSync(file, 'this is no shared object')
    const message = await failure({ SIGKIT_PREBUILD: broken })
    expect(message).toContain(`- ${join(broken, 'build', 'Release')} (sigkit.node)`)
    expect(message).toContain(`Tried ${file}:`)
    expect(message).toMatch(/ERR_DLOPEN_FAILED.*(file too short|invalid ELF header)/)
    expect(message).toContain('What to do:\n- ')
  })

  test('--no-addons', async () => {
    const message = await failure({}, ['--no-addons'])
    expect(message).toContain('ERR_DLOPEN_DISABLED')
    expect(message).toContain('Run Node without --no-addons')
    expect(message).not.toContain('node_modules was copied')
  })
})
