/** Runtimes that are not Node have some of libuv's functions, and abort in them: none may be called there. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { fixturePath, nodeCommand, plainEnvironment } from './helpers/fixture.js'
import { Program } from './helpers/program.js'

const hosts = [
  ['bun', ['bun', 'run']],
  ['deno', ['deno', 'run', '--allow-all']],
] as const

const works = {
  absent: 'ESRCH',
  exit: { signal: 'SIGTERM', known: true },
  signals: ['42', 'onSignal', 'process.on'],
  waited: 'SIGWINCH',
  status: { event: 'killed', signal: 'SIGKILL' },
  own: 'SIGKILL',
  init: 'loaded',
}

const needsLibuv = /^UnsupportedError: .* needs libuv, so Node itself as the host$/
const withoutLibuv = {
  ...works,
  loop: 'thread',
  reap: expect.stringMatching(needsLibuv) as string,
  reaper: expect.stringMatching(needsLibuv) as string,
}

async function reportOf(command: readonly string[], env: NodeJS.ProcessEnv): Promise<unknown> {
  const program = new Program(command, { env: { ...plainEnvironment, ...env } })
  const report = await program.next('the report')
  expect(await program.ended()).toEqual({ code: 0, signal: null })
  return report
}

test('in Node it works with libuv, and all of it', async () => {
  const report = await reportOf(nodeCommand('any-host.mjs'), {})
  expect(report).toEqual({
    ...works,
    loop: expect.any(String) as string,
    reap: 'nothing: ',
    reaper: 'nothing: undefined',
  })
})

test('in a Node that says it is Bun none of libuv is used, and what needs it says so', async () => {
  expect(await reportOf(nodeCommand('any-host.mjs'), { SIGKIT_TEST_HOST: 'bun' })).toEqual(withoutLibuv)
})

describe('other runtimes', () => {
  for (const [name, command] of hosts) {
    const present = spawnSync(name, ['--version'], { env: plainEnvironment }).status === 0
    // A sanitizer's runtime has to come first, and is Node's alone here.
    const usable = present && process.env.LD_PRELOAD === undefined
    test.runIf(usable)(`${name} [needs ${name} on the path, and no sanitizer]`, async () => {
      expect(await reportOf([...command, fixturePath('any-host.mjs')], {})).toEqual(withoutLibuv)
    })
  }
})
