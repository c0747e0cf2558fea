/** exitBySignal, as the parent sees it: test/fixtures/parent.c prints the wait status of the Node program. */
import { exitBySignal, signals, type Signal } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { canDump, NEEDS_CORE_DUMPS } from './helpers/core-dumps.js'
import { fixturePath, nodeCommand, programPath, startNode } from './helpers/fixture.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { thrown } from './helpers/thrown.js'

interface WaitStatus {
  status: number
  exited: number | null
  signal: number | null
  core: boolean
}

const MEGABYTE = String(2 ** 20)

interface Run {
  /** What it said on the way. */
  lines: unknown[]
  status: WaitStatus
  stderr: string
}

async function run(scenario: string, signal: Signal, core = '0', flags: string[] = []): Promise<Run> {
  const wrapper = [programPath('parent'), '--core', core]
  const program = startNode('exit.mjs', { wrapper, flags, args: [scenario, String(signal)] })
  const { lines } = await program.report()
  return { lines: lines.slice(0, -1), status: lines.at(-1) as WaitStatus, stderr: program.stderr }
}

const killedBy = (signal: number): WaitStatus => ({ status: signal, exited: null, signal, core: false })

describe('a program that listens to its own signal', () => {
  test.each([
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
    ['SIGUSR2', 12],
    ['SIGPIPE', 13],
    ['SIGQUIT', 3],
    ['SIGABRT', 6],
    ['SIGXFSZ', 25],
    ['SIGSYS', 31],
    ['SIGKILL', 9],
  ] as const)('ends by %s, after its exit listeners ran once, in order', async (signal, number) => {
    const { lines, status } = await run('listened', signal)
    expect(status).toEqual(killedBy(number))
    const code = 128 + number
    expect(lines).toEqual([
      { exit: 'first', code },
      { exit: 'second', code },
    ])
  })

  test('ends by it when called from the listener of that signal', async () => {
    const { lines, status } = await run('fromHandler', 'SIGINT')
    expect(status).toEqual(killedBy(2))
    expect(lines).toEqual([{ exit: 'first', code: 130 }])
  })
})

test('ends by every signal that the table calls terminate or core', async () => {
  const ending = signals.filter(
    ({ defaultAction, reserved }) => !reserved && (defaultAction === 'terminate' || defaultAction === 'core'),
  )
  expect(ending).toHaveLength(31 - 8 + 31)
  // 54 Node programs are a while; the standard ones and the ends of the real-time range are what can differ.
  for (const { number } of ending.filter((info) => info.number < 35 || info.number > 63)) {
    const { lines, status } = await run('plain', number)
    expect([lines, status]).toEqual([[], killedBy(number)])
  }
})

describe('the core bit', () => {
  test.skipIf(!canDump).each([
    ['SIGQUIT', 3],
    ['SIGABRT', 6],
    ['SIGSEGV', 11],
    ['SIGILL', 4],
  ] as const)(`is set for %s where cores are allowed ${NEEDS_CORE_DUMPS}`, async (signal, number) => {
    const { status } = await run('plain', signal, MEGABYTE)
    expect(status).toEqual({ status: number | 0x80, exited: null, signal: number, core: true })
  })

  test.each([
    ['SIGTERM', 15],
    ['SIGRTMIN+5', 39],
  ] as const)('is not set for %s', async (signal, number) => {
    expect((await run('plain', signal, MEGABYTE)).status).toEqual(killedBy(number))
  })
})

describe("'exit' listeners", () => {
  test('it may be called from one of them: the signal wins over the code, and the others are not run twice', async () => {
    const { lines, status } = await run('fromExitListener', 'SIGTERM')
    expect(status).toEqual(killedBy(15))
    expect(lines.filter((line) => (line as { exit: string }).exit === 'first')).toEqual([
      { exit: 'first', code: 7 },
    ])
  })

  test('called from one while it is at work, it ends all the same', async () => {
    const { lines, status } = await run('fromExitListenerAgain', 'SIGTERM')
    expect(status.exited).toBeNull()
    expect([9, 15]).toContain(status.signal)
    expect(lines).toEqual([{ exit: 'calls again', code: 143 }])
  })

  test('one that throws is reported, and the signal still ends the process', async () => {
    const { lines, status, stderr } = await run('throwing', 'SIGTERM')
    expect(status).toEqual(killedBy(15))
    expect(lines).toEqual([{ exit: 'first', code: 143 }])
    expect(stderr).toContain('the listener threw')
  })

  test('one that calls process.exit changes nothing', async () => {
    expect((await run('exitInside', 'SIGTERM')).status).toEqual(killedBy(15))
  })
})

test('a signal that the thread blocks', async () => {
  const flags = ['--import', fixturePath('block-all.mjs')]
  expect((await run('listened', 'SIGTERM', '0', flags)).status).toEqual(killedBy(15))
  expect((await run('plain', 'SIGRTMIN', '0', flags)).status).toEqual(killedBy(34))
})

test('a signal that had a listener once', async () => {
  expect((await run('ignored', 'SIGPIPE')).status).toEqual(killedBy(13))
})

test.runIf(canNamespace)(`as PID 1 it exits with 128 + the signal ${NEEDS_NAMESPACE}`, async () => {
  const command = nodeCommand('exit.mjs', ['listened', 'SIGTERM'])
  const program = startNode('exit.mjs', {
    wrapper: inNamespace,
    detached: true,
    args: ['listened', 'SIGTERM'],
  })
  const { lines, ending } = await program.report()
  expect(ending, command.join(' ')).toEqual({ code: 143, signal: null })
  expect(lines).toEqual([
    { exit: 'first', code: 143 },
    { exit: 'second', code: 143 },
  ])
})

test('in a Worker it is refused, and the process lives', async () => {
  const { lines, status } = await run('worker', 'SIGTERM')
  expect(lines).toEqual([
    expect.objectContaining({ name: 'TypeError', code: 'ERR_WORKER_UNSUPPORTED_OPERATION' }),
    { workerExit: 0, alive: true },
  ])
  expect(status).toMatchObject({ exited: 0, signal: null })
})

describe('refusals', () => {
  test.each([
    [0, 'ERR_INVALID_ARG_VALUE'],
    [-0, 'ERR_INVALID_ARG_VALUE'],
    ['SIGCHLD', 'ERR_INVALID_ARG_VALUE'],
    ['SIGCLD', 'ERR_INVALID_ARG_VALUE'],
    ['SIGURG', 'ERR_INVALID_ARG_VALUE'],
    ['SIGWINCH', 'ERR_INVALID_ARG_VALUE'],
    ['SIGSTOP', 'ERR_INVALID_ARG_VALUE'],
    ['SIGTSTP', 'ERR_INVALID_ARG_VALUE'],
    ['SIGCONT', 'ERR_INVALID_ARG_VALUE'],
    [19, 'ERR_INVALID_ARG_VALUE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [15n, 'ERR_INVALID_ARG_TYPE'],
    ['sigterm', 'ERR_UNKNOWN_SIGNAL'],
    [65, 'ERR_UNKNOWN_SIGNAL'],
    [33, 'ERR_SIGNAL_RESERVED'],
  ])('%s: %s', (signal, code) => {
    const error = thrown(() => exitBySignal(signal as Signal))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.code).toBe(code)
  })
})
