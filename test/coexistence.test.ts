/** Beside process.on, in every order, beside signal-exit's kin, and beside native handlers of others. */
import { describe, expect, test } from 'vitest'
import { fixturePath, programPath, startNode } from './helpers/fixture.js'

type Masks = Record<'SigCgt' | 'SigIgn' | 'SigBlk', string>

interface Report {
  before: Masks
  called: Record<string, string[][]>
  after: Masks
}

// Node ignores SIGPIPE and SIGXFSZ, has a native handler for SIGTERM, and nothing for the others.
const SIGNALS = ['SIGUSR2', 'SIGTERM', 'SIGPIPE', 'SIGXFSZ', 'SIGWINCH']

async function take(steps: string, env: NodeJS.ProcessEnv = {}): Promise<Report> {
  const program = startNode('coexistence.mjs', { args: [SIGNALS.join(','), ...steps.split(' ')], env })
  const { lines, ending } = await program.report()
  expect(ending, program.stderr).toEqual({ code: 0, signal: null })
  return Object.assign({}, ...lines) as Report
}

/** Who is to be called at each kill: whoever listens then. */
function expected(steps: string): string[][] {
  const listening = new Set<string>()
  const rounds: string[][] = []
  for (const step of steps.split(' ')) {
    const left = { off: 'on', offB: 'onB', close: 'sub', close2: 'sub2' }[step]
    if (left !== undefined) listening.delete(left)
    else if (step === 'removeAll') for (const who of ['on', 'onB', 'once']) listening.delete(who)
    else if (step !== 'kill') listening.add(step)
    else {
      rounds.push([...listening].sort())
      for (const who of ['once', 'subOnce']) listening.delete(who)
    }
  }
  return rounds
}

describe('orders: whoever listens is called, and in the end all is as it would be without us', () => {
  test.each([
    'sub kill close',
    'on sub kill close kill off',
    'sub on kill close kill off',
    'on sub kill off kill close',
    'sub close on kill off',
    'on off sub kill close',
    'on off sub close on kill off',
    'sub close sub kill close',
    'sub sub2 kill close kill close2',
    'on onB sub kill off kill close kill offB',
    'sub on onB kill off kill close kill offB',
    'once sub kill kill close',
    'once sub close kill',
    'on sub removeAll kill close on kill off',
    'on sub removeAll close on kill off',
    'sub on off on kill close kill off',
    'sub close on sub kill close kill off',
    'sub close on sub kill off kill close',
    'sub close on off sub kill close on kill off',
    'on sub close sub close kill off',
    'sub on close off on kill off',
    'sub close once kill',
    'sub once close kill',
    'on sub2 sub close close2 kill off',
    'sub on sub2 close kill close2 kill off',
    'on subOnce kill kill off',
    'subOnce kill on kill off',
    'sub close sub close sub close on kill off on kill off',
    'sub close onB on kill off kill offB',
    'on',
    'sub on close kill',
    'on sub close kill',
    'sub close on kill',
  ])('%s', async (steps) => {
    const [ours, without] = await Promise.all([take(steps), take(steps, { SIGKIT_TEST_WITHOUT: '1' })])
    for (const signal of SIGNALS) expect(ours.called[signal], signal).toEqual(expected(steps))
    expect(ours.after).toEqual(without.after)
  })

  // process.on alone would leave the default action behind, also where Node had the signal ignored: here it came and
  // went while we held the signal, and what was there before us is back.
  test.each([
    'sub on kill off kill close',
    'sub sub2 on kill close2 kill off kill close',
    'sub once kill kill close',
    'sub on removeAll kill close',
  ])('%s: what was there before us is back', async (steps) => {
    const ours = await take(steps)
    for (const signal of SIGNALS) expect(ours.called[signal], signal).toEqual(expected(steps))
    expect(ours.after).toEqual(ours.before)
  })
})

describe('afterwards the signal does what it would have done', () => {
  test.each([
    ['SIGUSR2', 'sub close die', 12],
    ['SIGTERM', 'sub close die', 15],
    ['SIGTERM', 'sub close on off die', 15],
    ['SIGTERM', 'sub on close off die', 15],
    ['SIGTERM', 'on sub off close die', 15],
    ['SIGUSR2', 'sub close on off die', 12],
    ['SIGPIPE', 'sub close on off die', 13],
    ['SIGXFSZ', 'sub on close off die', 25],
    ['SIGRTMIN+3' as 'SIGTERM', 'sub close die', 37],
  ] as const)('%s: %s', async (signal, steps, number) => {
    const wrapper = [programPath('parent'), '--core', '0']
    const program = startNode('coexistence.mjs', { wrapper, args: [signal, ...steps.split(' ')] })
    const { lines } = await program.report()
    expect(lines.at(-1)).toMatchObject({ signal: number })
  })
})

describe('a library that ends the process by its signal (signal-exit and its kin)', () => {
  const run = async (how: string): Promise<unknown[]> => {
    const wrapper = [programPath('parent'), '--core', '0']
    return (await startNode('exit-hook.mjs', { wrapper, args: [how] }).report()).lines
  }
  const ended = (exited: number | null, signal: number | null): unknown =>
    expect.objectContaining({ exited, signal })

  test.each(['alone', 'closed'])('%s: its hook runs, and the process ends by the signal', async (how) => {
    expect(await run(how), fixturePath('exit-hook.mjs')).toEqual([{ hook: 'SIGTERM' }, ended(null, 15)])
  })

  test.each(['beside', 'late'])('%s: both are called; we handle what it sends again', async (how) => {
    const lines = await run(how)
    expect(lines.filter((line) => 'hook' in (line as object))).toEqual([{ hook: 'SIGTERM' }])
    expect(lines.filter((line) => 'ours' in (line as object))).toEqual([
      { ours: 'SIGTERM', self: true },
      { ours: 'SIGTERM', self: true },
    ])
    expect(lines.at(-1)).toEqual(ended(0, null))
  })
})

describe('a native handler of somebody else', () => {
  const run = async (...args: string[]): Promise<unknown[]> => {
    const program = startNode('foreign-handler.mjs', { args })
    const { lines, ending } = await program.report()
    expect(ending, program.stderr).toEqual({ code: 0, signal: null })
    return lines
  }

  test.each([
    [12, 'siginfo'],
    [12, 'plain'],
    [13, 'siginfo'],
    [36, 'siginfo'],
    [36, 'plain'],
  ] as const)('installed before us, signal %i, %s: it is called too, and stays', async (number, kind) => {
    const foreign = kind === 'siginfo' ? { foreign: number, self: true } : { foreign: number }
    expect(await run('before', String(number), kind)).toEqual([
      { installed: [true, true] },
      { deliver: 'both' },
      foreign,
      { ours: number },
      { ours: number },
      { deliver: 'one closed' },
      foreign,
      { ours: number },
      { deliver: 'closed' },
      foreign,
      { same: true },
    ])
  })

  // The kernel looks at the address alone.
  test('ignored by somebody who set SA_SIGINFO all the same: ignored, and nobody is called', async () => {
    expect(await run('flagged', '12', 'flagged')).toEqual([
      { deliver: 'ours' },
      { ours: 12 },
      { deliver: 'closed' },
      { dispositions: ['ignore', 'ignore'] },
    ])
  })

  test.each([12, 13, 36])(
    'installed over us, signal %i: `installed` says so, and our close leaves it',
    async (number) => {
      const foreign = { foreign: number }
      expect(await run('after', String(number), 'plain')).toEqual([
        { installed: true },
        { installed: false },
        { deliver: 'replaced' },
        foreign,
        { deliver: 'closed' },
        foreign,
      ])
    },
  )

  test('with process.on as the third', async () => {
    const lines = await run('neighbours', '12', 'plain')
    const closed = lines.findIndex((line) => (line as { deliver?: string }).deliver === 'closed')
    expect(lines.slice(0, closed)).toEqual(
      expect.arrayContaining([{ foreign: 12 }, { ours: 12 }, { on: 12 }]) as unknown,
    )
    // As without us: libuv's handler has taken its place.
    expect(lines.slice(closed)).toEqual([{ deliver: 'closed' }, { on: 12 }])
  })
})
