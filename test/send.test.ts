/** The sending verbs against real receivers: what arrives, who gets it. The errors are in send-errors.test.ts. */
import { kill, killpg, sigqueue, signals, tgkill, tryKill } from 'sigkit'
import { SI_QUEUE, SI_TKILL, SI_USER } from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { Caller } from './helpers/caller.js'
import { startProgram } from './helpers/fixture.js'
import { pendingForProcess, pendingForThread } from './helpers/process-status.js'
import { Receiver } from './helpers/receiver.js'

const SIGUSR1 = 10
const SIGUSR2 = 12
const SIGTERM = 15

const me = { pid: process.pid, uid: process.getuid?.() ?? -1 }

async function zombie(): Promise<number> {
  return (await startProgram('zombie').next<{ zombie: number }>('a zombie')).zombie
}

describe('kill', () => {
  test('sends SIGTERM by default, as SI_USER from this process', async () => {
    const receiver = await Receiver.start()
    kill(receiver.pid)
    expect(await receiver.drain()).toMatchObject([{ signo: SIGTERM, code: SI_USER, ...me }])
  })

  test('takes undefined for the default', async () => {
    const receiver = await Receiver.start()
    kill(receiver.pid, undefined)
    expect(await receiver.drain()).toMatchObject([{ signo: SIGTERM }])
  })

  test('sends every signal that can be blocked, by name, by alias and by number', async () => {
    const receiver = await Receiver.start()
    // The stop signals and SIGCONT discard each other while pending, so each goes alone.
    for (const { number, name, aliases, catchable } of signals) {
      if (!catchable || name === null) continue
      for (const spelling of [number, name, ...aliases]) {
        kill(receiver.pid, spelling as typeof name)
        expect(await receiver.drain(), String(spelling)).toMatchObject([{ signo: number, ...me }])
      }
    }
  })

  test('0 probes: it succeeds and nothing arrives', async () => {
    const receiver = await Receiver.start()
    kill(receiver.pid, 0)
    expect(tryKill(receiver.pid, 0)).toBeUndefined()
    expect(await receiver.drain()).toEqual([])
  })

  test('-pgid reaches the group and nobody else', async () => {
    const leader = await Receiver.start({ detached: true })
    const outsider = await Receiver.start({ detached: true })
    kill(-leader.pid, 'SIGUSR1')
    expect(await leader.drain()).toMatchObject([{ signo: SIGUSR1, code: SI_USER, ...me }])
    expect(await outsider.drain()).toEqual([])
  })

  test('ends a process for real', async () => {
    const receiver = await Receiver.start()
    kill(receiver.pid, 'SIGKILL')
    expect(await receiver.program.ended()).toEqual({ code: null, signal: 'SIGKILL' })
  })

  test('a zombie accepts signals and probes', async () => {
    const pid = await zombie()
    kill(pid, 0)
    kill(pid, 'SIGTERM')
    kill(pid, 'SIGKILL')
    tgkill(pid, pid, 'SIGTERM')
    sigqueue(pid, 'SIGRTMIN', 1)
    expect(tryKill(pid, 'SIGUSR1')).toBeUndefined()
  })
})

test('tryKill sends, SIGTERM by default, and returns undefined', async () => {
  const receiver = await Receiver.start()
  expect(tryKill(receiver.pid)).toBeUndefined()
  expect(tryKill(receiver.pid, 'SIGUSR2')).toBeUndefined()
  expect(await receiver.drain()).toMatchObject([{ signo: SIGUSR2 }, { signo: SIGTERM }])
})

test('tryKill returns the name of the errno', () => {
  expect(tryKill(ABSENT)).toBe('ESRCH')
  expect(tryKill(-ABSENT, 0)).toBe('ESRCH')
})

test('killpg reaches every member of the group, SIGTERM by default', async () => {
  const uid = String(me.uid)
  const group = await startProgram('group', [uid, uid, uid]).next<{ pgid: number; members: number[] }>(
    'group',
  )
  expect(group.members).toHaveLength(3)
  killpg(group.pgid)
  killpg(group.pgid, 'SIGUSR1')
  killpg(group.pgid, 0)
  for (const member of group.members) expect(pendingForProcess(member)).toEqual([SIGUSR1, SIGTERM])
})

describe('tgkill', () => {
  test('carries SI_TKILL', async () => {
    const receiver = await Receiver.start()
    tgkill(receiver.pid, receiver.pid, 'SIGUSR1')
    expect(await receiver.drain()).toMatchObject([{ signo: SIGUSR1, code: SI_TKILL, ...me }])
  })

  test('reaches that thread only, where kill reaches the process', async () => {
    const receiver = await Receiver.start()
    tgkill(receiver.pid, receiver.tid, 'SIGUSR1')
    kill(receiver.pid, 'SIGUSR2')
    expect(pendingForThread(receiver.pid, receiver.tid)).toEqual([SIGUSR1])
    expect(pendingForThread(receiver.pid)).toEqual([])
    expect(pendingForProcess(receiver.pid)).toEqual([SIGUSR2])
  })

  test('0 probes', async () => {
    const receiver = await Receiver.start()
    tgkill(receiver.pid, receiver.tid, 0)
    expect(pendingForThread(receiver.pid, receiver.tid)).toEqual([])
  })
})

describe('sigqueue', () => {
  test.each([
    [0, 0n],
    [-0, 0n],
    [1, 1n],
    [-1, 2n ** 64n - 1n],
    [2 ** 31, 2n ** 31n],
    [-(2 ** 31), 2n ** 64n - 2n ** 31n],
    [2 ** 32 + 5, 2n ** 32n + 5n],
    [Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n],
    [Number.MIN_SAFE_INTEGER, 2n ** 64n - 2n ** 53n + 1n],
    [0n, 0n],
    [1n, 1n],
    [-1n, 2n ** 64n - 1n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [2n ** 63n, 2n ** 63n],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [-(2n ** 63n), 2n ** 63n],
    [0x0123_4567_89ab_cdefn, 0x0123_4567_89ab_cdefn],
  ])('value %s arrives as %s, with the rest of the union zero', async (sent, received) => {
    const receiver = await Receiver.start()
    sigqueue(receiver.pid, 'SIGRTMIN+1', sent)
    expect(await receiver.drain()).toEqual([
      {
        signo: 35,
        code: SI_QUEUE,
        ...me,
        value: received,
        int: Number(BigInt.asIntN(32, received)),
        rest: 0,
      },
    ])
  })

  test('first in, first out for each number; the lowest number first', async () => {
    const receiver = await Receiver.start()
    const sent: [number, bigint][] = []
    for (const value of [1n, 2n, 3n, 4n]) {
      for (const number of [64, 36, 34, 50]) {
        sigqueue(receiver.pid, number, value)
        sent.push([number, value])
      }
    }
    const expected = sent.sort(([a, first], [b, second]) => a - b || Number(first - second))
    expect((await receiver.drain()).map(({ signo, value }) => [signo, value])).toEqual(expected)
  })

  test('standard signals coalesce: the first keeps its value, and comes before any real-time one', async () => {
    const receiver = await Receiver.start()
    sigqueue(receiver.pid, 'SIGRTMIN', 9)
    for (const value of [1, 2, 3]) sigqueue(receiver.pid, 'SIGUSR1', value)
    kill(receiver.pid, 'SIGUSR1')
    expect(await receiver.drain()).toMatchObject([
      { signo: SIGUSR1, code: SI_QUEUE, value: 1n },
      { signo: 34, code: SI_QUEUE, value: 9n },
    ])
  })

  test('0 probes', async () => {
    const receiver = await Receiver.start()
    sigqueue(receiver.pid, 0, 1)
    expect(await receiver.drain()).toEqual([])
  })
})

describe('raise', () => {
  test('reaches a listener of this process', async () => {
    const caller = await Caller.start()
    await caller.listen('SIGUSR2')
    caller.ask('sigkit', 'raise', 'SIGUSR2')
    const lines = [await caller.program.next('its answer'), await caller.program.next('its signal')]
    expect(lines).toContainEqual({ value: null })
    expect(lines).toContainEqual({ received: 'SIGUSR2' })
  })

  test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('%s has its default action', async (signal) => {
    const caller = await Caller.start()
    caller.ask('sigkit', 'raise', signal)
    expect(await caller.program.ended()).toEqual({ code: null, signal })
  })

  test('0 does nothing', async () => {
    const caller = await Caller.start()
    expect(await caller.call('sigkit', 'raise', 0)).toEqual({ value: null })
    expect(await caller.call('sigkit', 'kill', caller.pid, 0)).toEqual({ value: null })
  })
})
