/** The siginfo, field by field, against what a C program sent. */
import { readlinkSync } from 'node:fs'
import { raise, type SignalEvent } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { blockUntil } from './helpers/deadline.js'
import { Inbox } from './helpers/events.js'
import { programPath } from './helpers/fixture.js'
import { childOf, Listener } from './helpers/listener.js'
import { NEEDS_REAL_SIGNALS, signalsHeldBack } from './helpers/needs.js'
import { inOwnProcess } from './helpers/own-process.js'
import {
  asNobody,
  canNamespace,
  inNamespace,
  isRoot,
  NEEDS_NAMESPACE,
  NEEDS_ROOT,
  NOBODY,
} from './helpers/privilege.js'
import { Sender, type Sent } from './helpers/sender.js'

const SIGUSR2 = 12
const SIGIO = 29
const SIGRTMIN = 34

/** Outside of the first pid namespace a lost siginfo and a root sender further out look the same. */
const lost = readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]' ? true : null

const names = { [SIGUSR2]: 'SIGUSR2', [SIGRTMIN]: 'SIGRTMIN', [SIGIO]: 'SIGIO', 36: 'SIGRTMIN+2' } as const

/** What an event is when a sender said nothing but who it is. */
const plain = (number: keyof typeof names, more: Partial<SignalEvent>): unknown => ({
  signal: names[number],
  number,
  code: 'SI_USER',
  sender: null,
  value: null,
  valueInt: null,
  child: null,
  timestamp: expect.any(BigInt) as bigint,
  infoLost: false,
  ...more,
})

/** Sends, and has the event that arrives; its time lies between the sending and the arrival. */
async function received(
  listener: Listener,
  sender: Sender,
  ...words: (string | number | bigint)[]
): Promise<SignalEvent> {
  const { at }: Sent = await sender.send(...words)
  const event = await listener.event(words.map(String).join(' '))
  expect(event.timestamp).toBeGreaterThanOrEqual(at)
  expect(event.timestamp).toBeLessThanOrEqual(process.hrtime.bigint())
  return event
}

const users = [
  ['the same user', [], [], process.getuid?.()],
  ['uid 65534 to uid 65534', asNobody, asNobody, NOBODY],
  ['root to uid 65534', [], asNobody, 0],
] as const

describe.each(users)('%s', (who, from, to, uid) => {
  const runs = isRoot || who === 'the same user'
  const title = who === 'the same user' ? '' : ` ${NEEDS_ROOT}`

  test.runIf(runs)(`kill${title}`, async () => {
    const [listener, sender] = [
      await Listener.start([SIGUSR2, SIGRTMIN], { wrapper: to }),
      await Sender.start({ wrapper: from }),
    ]
    const by = { pid: sender.pid, uid: sender.uid, trusted: true }
    for (const number of [SIGUSR2, SIGRTMIN] as const) {
      expect(await received(listener, sender, 'kill', listener.pid, number)).toEqual(
        plain(number, { sender: by }),
      )
    }
    expect(sender.uid).toBe(uid)
  })

  test.runIf(runs)(`tgkill${title}`, async () => {
    const [listener, sender] = [
      await Listener.start([SIGUSR2, SIGRTMIN], { wrapper: to }),
      await Sender.start({ wrapper: from }),
    ]
    const by = { pid: sender.pid, uid: sender.uid, trusted: true }
    for (const number of [SIGUSR2, SIGRTMIN] as const) {
      const event = await received(listener, sender, 'tgkill', listener.pid, listener.pid, number)
      expect(event).toEqual(plain(number, { code: 'SI_TKILL', sender: by }))
    }
  })

  test.runIf(runs)(`sigqueue${title}`, async () => {
    const [listener, sender] = [
      await Listener.start([SIGUSR2, SIGRTMIN], { wrapper: to }),
      await Sender.start({ wrapper: from }),
    ]
    const by = { pid: sender.pid, uid: sender.uid, trusted: false }
    for (const [value, valueInt] of [
      [0n, 0],
      [1n, 1],
      [-1n, -1],
      [0x1122334455667788n, 0x55667788],
      [0x7fffffff80000000n, -0x80000000],
      [-(2n ** 63n), 0],
      [2n ** 63n - 1n, -1],
    ] as const) {
      for (const number of [SIGUSR2, SIGRTMIN] as const) {
        const event = await received(listener, sender, 'sigqueue', listener.pid, number, value)
        expect(event).toEqual(plain(number, { code: 'SI_QUEUE', sender: by, value, valueInt }))
      }
    }
  })
})

test('what a sender forges is not trusted', async () => {
  const [listener, sender] = [await Listener.start([SIGUSR2, SIGRTMIN]), await Sender.start()]
  for (const [code, name] of [
    [-60, -60],
    [-1, 'SI_QUEUE'],
    [-4, 'SI_ASYNCIO'],
    [-3, 'SI_MESGQ'],
  ] as const) {
    const event = await received(listener, sender, 'forge', listener.pid, SIGRTMIN, code, 1, 0)
    const forged = { pid: 1, uid: 0, trusted: false }
    expect(event).toEqual(plain(SIGRTMIN, { code: name, sender: forged, value: 0n, valueInt: 0 }))
  }
  // A forged timer names nobody: pid and uid are other fields there.
  const timer = await received(listener, sender, 'forge', listener.pid, SIGRTMIN, -2, 1, 0)
  expect(timer).toMatchObject({ code: 'SI_TIMER', sender: null })
})

describe('signals that nobody sends', () => {
  const value = 0x1122334455667788n
  const start = async (): Promise<Listener> =>
    Listener.start([SIGUSR2, SIGIO, 36], { library: 'siginfo-sources', subscribe: { identifySender: true } })

  test('a POSIX timer', async () => {
    const listener = await start()
    listener.load('timer 36')
    expect(await listener.event()).toEqual(plain(36, { code: 'SI_TIMER', value, valueInt: 0x55667788 }))
  })

  test('a message queue', async () => {
    const listener = await start()
    listener.load('mq 36')
    const { sender, ...event } = await listener.event()
    expect({ ...event, sender: null }).toEqual(plain(36, { code: 'SI_MESGQ', value, valueInt: 0x55667788 }))
    expect(sender).toMatchObject({ pid: listener.pid, uid: process.getuid?.(), trusted: false })
  })

  test.each([36, SIGIO] as const)('F_SETSIG, %i: a pipe becomes readable', async (number) => {
    const listener = await start()
    listener.load(`io ${number}`)
    expect(await listener.event()).toEqual(plain(number, { code: 'POLL_IN' }))
  })

  test.each([
    ['child', 'CLD_EXITED', 7],
    ['killed', 'CLD_KILLED', 15],
  ] as const)('a %s whose exit signal is not SIGCHLD', async (how, code, status) => {
    const listener = await start()
    listener.load(`${how} ${SIGUSR2}`)
    const event = await listener.event()
    const pid = Number(listener.program.stderr)
    const child = { pid, uid: process.getuid?.() ?? -1, status }
    expect(event).toEqual(
      plain(SIGUSR2, { code, child: expect.objectContaining(child) as SignalEvent['child'] }),
    )
    expect(event.child?.utime).toBeGreaterThanOrEqual(0)
    expect(event.child?.stime).toBeGreaterThanOrEqual(0)
  })
})

test.runIf(canNamespace)(`from a parent namespace the sender is pid 0 ${NEEDS_NAMESPACE}`, async () => {
  const listener = await Listener.start([SIGUSR2, SIGRTMIN], {
    wrapper: inNamespace,
    detached: true,
    subscribe: { identifySender: true },
  })
  expect(listener.pid).toBe(1)
  const [pid, sender] = [childOf(listener.program.pid), await Sender.start()]
  const outside = { pid: 0, uid: 0 } // uid 0 in its user namespace too
  expect(await received(listener, sender, 'kill', pid, SIGUSR2)).toEqual(
    plain(SIGUSR2, { sender: { ...outside, trusted: true }, infoLost: null }),
  )
  expect(await received(listener, sender, 'sigqueue', pid, SIGRTMIN, 77)).toEqual(
    plain(SIGRTMIN, { code: 'SI_QUEUE', sender: { ...outside, trusted: false }, value: 77n, valueInt: 77 }),
  )
})

describe('identifySender', () => {
  test.each([
    ['plain', Buffer.from('a-sender')],
    ['what breaks parsers', Buffer.from('a) (b\nc (d')],
    ['all of its 15 bytes', Buffer.from('0123456789abcde')],
    ['UTF-8', Buffer.from('s\u00e9nder \u2713')],
    ['one byte', Buffer.from('x')],
  ])('the comm: %s', async (_, comm) => {
    const [listener, sender] = [
      await Listener.start(SIGRTMIN, { subscribe: { identifySender: true } }),
      await Sender.start(),
    ]
    await sender.send('comm', comm.toString('hex'))
    const event = await received(listener, sender, 'kill', listener.pid, SIGRTMIN)
    expect(event.sender).toEqual({ pid: sender.pid, uid: sender.uid, trusted: true, comm: comm.toString() })
  })

  test('bytes that are not UTF-8 break nothing', async () => {
    const [listener, sender] = [
      await Listener.start(SIGRTMIN, { subscribe: { identifySender: true } }),
      await Sender.start(),
    ]
    await sender.send('comm', 'ff41fe')
    const event = await received(listener, sender, 'kill', listener.pid, SIGRTMIN)
    expect(event.sender?.comm).toMatch(/^.A.$/u)
  })

  test('without it there is none', async () => {
    const [listener, sender] = [await Listener.start(SIGRTMIN), await Sender.start()]
    const event = await received(listener, sender, 'kill', listener.pid, SIGRTMIN)
    expect(event.sender).not.toHaveProperty('comm')
  })

  test.skipIf(signalsHeldBack)(
    `a sender that is gone when the listener runs ${NEEDS_REAL_SIGNALS}`,
    async () => {
      const told = await inOwnProcess(
        async ({ sigkit, syscalls, spawn, blockUntil, existsSync, ...inside }) => {
          const events: SignalEvent[] = []
          sigkit.onSignal('SIGRTMIN', (event) => void events.push(event), { identifySender: true })
          const number = String(sigkit.signalNumber('SIGRTMIN'))
          const sender = spawn('sh', ['-c', `kill -${number} $PPID; echo > sent; read line`], {
            env: inside.plainEnvironment,
          })
          const { pid = 0 } = sender
          // A system call of this thread later the handler has run, and the sender is still there.
          blockUntil(() => existsSync('sent'), 'the signal')
          sender.kill('SIGKILL')
          syscalls.waitpid(pid)
          const state = inside.stateOf(pid)
          await inside.until(() => events.length > 0, 'the event')
          return { state, right: events[0]?.sender?.pid === pid, comm: events[0]?.sender?.comm }
        },
        null,
      )
      expect(told).toEqual({ state: 'gone', right: true, comm: 'sh' })
    },
  )

  test('a sender that may be gone when the handler runs: its name or none', async () => {
    const [listener, sender] = [
      await Listener.start(SIGRTMIN, { subscribe: { identifySender: true } }),
      await Sender.start(),
    ]
    await sender.send('comm', Buffer.from('short-lived').toString('hex'))
    for (let i = 0; i < 20; i++) {
      const { pid } = await sender.send('fork', listener.pid, SIGRTMIN)
      const { sender: by } = await listener.event()
      expect(by).toMatchObject({ pid, trusted: true })
      expect([undefined, 'short-lived']).toContain(by?.comm)
    }
  })
})

describe('the queue of signals is full (RLIMIT_SIGPENDING 0)', () => {
  test('infoLost', async () => {
    const wrapper = [programPath('parent'), '--sigpending', '0']
    const [listener, sender] = [
      await Listener.start([SIGUSR2, SIGRTMIN], { wrapper, subscribe: { identifySender: true } }),
      await Sender.start(),
    ]
    const blank = lost === true ? null : { pid: 0, uid: 0, trusted: true }
    // kill of a real-time signal comes without its siginfo, a queued standard one loses its value; kill has room.
    expect(await received(listener, sender, 'kill', listener.pid, SIGRTMIN)).toEqual(
      plain(SIGRTMIN, { sender: blank, infoLost: lost }),
    )
    expect(await received(listener, sender, 'sigqueue', listener.pid, SIGUSR2, 7)).toEqual(
      plain(SIGUSR2, { sender: blank, infoLost: lost }),
    )
    expect(await received(listener, sender, 'kill', listener.pid, SIGUSR2)).toMatchObject({
      sender: { pid: sender.pid, uid: sender.uid, trusted: true },
      infoLost: false,
    })
  })
})

test.skipIf(signalsHeldBack)(
  `the time is the one of the arrival, however late JavaScript is ${NEEDS_REAL_SIGNALS}`,
  async () => {
    const inbox = new Inbox(['SIGUSR2', 'SIGRTMAX-3'])
    const times = (['SIGUSR2', 'SIGRTMAX-3'] as const).map((signal) => {
      const before = process.hrtime.bigint()
      raise(signal)
      return [before, process.hrtime.bigint()] as const
    })
    const free = performance.now() + 20
    blockUntil(() => performance.now() > free, '20 ms')
    const events = await inbox.first(2)
    times.forEach(([before, after], index) => {
      expect(events[index]?.timestamp).toBeGreaterThanOrEqual(before)
      expect(events[index]?.timestamp).toBeLessThanOrEqual(after)
    })
  },
)
