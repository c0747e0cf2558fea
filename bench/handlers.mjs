/**
 * Signals that reach JavaScript: `onSignal`, with the whole siginfo, against `process.on`, which tells that a signal came.
 *
 * Every contestant is a process of its own, with a sender of its own in C.
 */
import { startReceiver } from './handlers/receivers.mjs'
import { report } from './report.mjs'
import { median, quantile } from './rounds.mjs'

const ROUNDS = 15
const SIGNALS = 300
const BACKLOG = 4000 // libuv's handler writes into a pipe that holds 4096
const THROUGHPUT = 20_000
const STORM = 100_000

const STANDARD = { signal: 'SIGUSR2', number: 12 }
const REAL_TIME = { signal: 'SIGRTMIN+1', number: 35 }
const PEER = 'process.on SIGUSR2'

const receivers = {
  [PEER]: startReceiver({ by: 'process.on', ...STANDARD }),
  'onSignal SIGUSR2': startReceiver({ by: 'onSignal', ...STANDARD }),
  'onSignal SIGRTMIN+1': startReceiver({ by: 'onSignal', ...REAL_TIME }),
  'onSignal SIGUSR2, thread': startReceiver({ by: 'onSignal', ...STANDARD, loop: 'thread' }),
  'onSignal SIGRTMIN+1, thread': startReceiver({ by: 'onSignal', ...REAL_TIME, loop: 'thread' }),
}
const atMost = { 'onSignal SIGUSR2': 1.2, 'onSignal SIGRTMIN+1': 1.1 }
const calls = Object.keys(receivers).filter((name) => name !== PEER)

for (const loop of ['busy', 'idle']) await latency(loop)
await backlog()
await throughput()
await storm('self')
await storm('sender')
for (const receiver of Object.values(receivers)) receiver.stop()

/** In another order each time: whoever always has the same predecessor is 10 to 30 % faster or slower for it. */
function shuffled(items) {
  const keyed = items.map((item) => ({ item, key: Math.random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}

/** Rounds of all receivers; `take` gives the figures of one, by what they are. */
async function interleave(take) {
  const figures = {}
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, receiver] of shuffled(Object.entries(receivers))) {
      const taken = await take(receiver)
      if (round < 0) continue // V8 warms up
      for (const [what, ns] of Object.entries(taken)) (figures[`${name}${what}`] ??= []).push(ns)
    }
  }
  return figures
}

async function latency(loop) {
  const figures = await interleave(async (receiver) => {
    const ns = await receiver.latency(loop, SIGNALS)
    return { ', p50': median(ns), ', p99': quantile(ns, 0.99) }
  })
  const comparisons = [
    ...calls.map((name) => ({ call: `${name}, p50`, peer: `${PEER}, p50`, atMost: atMost[name] })),
    ...calls.map((name) => ({ call: `${name}, p99`, peer: `${PEER}, p99` })),
  ]
  const busy = loop === 'busy' ? 'a busy loop (setImmediate)' : 'an idle loop'
  report(`One signal at a time, from sending in C to the listener, on ${busy}`, figures, comparisons, 'ns')
}

async function backlog() {
  const figures = await interleave(async (receiver) => {
    const { ns } = await receiver.ask('backlog', { count: BACKLOG })
    return { '': ns / BACKLOG }
  })
  const comparisons = calls.map((call) => ({
    call,
    peer: PEER,
    atMost: call === 'onSignal SIGRTMIN+1' ? 0.6 : undefined,
  }))
  report(
    `${BACKLOG} signals that came while JavaScript was busy: from its end to the last listener`,
    figures,
    comparisons,
    'ns per event',
  )
}

async function throughput() {
  const figures = await interleave(async (receiver) => {
    const { ns } = await receiver.ask('throughput', { count: THROUGHPUT })
    return { '': ns / THROUGHPUT }
  })
  report(
    'Sent to oneself and listened to, 1000 in each turn of the loop',
    figures,
    calls.map((call) => ({ call, peer: PEER })),
    'ns per signal',
  )
}

async function storm(from) {
  console.log(
    `\n${STORM} signals, ${from === 'self' ? 'sent to oneself while the loop is blocked' : 'from C'}\n`,
  )
  for (const [name, receiver] of Object.entries(receivers)) {
    const judged = name.includes('SIGRT')
    // From another process standard signals say nothing: the kernel itself drops one while another is pending.
    if (from === 'sender' && !judged) continue
    const { seen, lost, disordered } = await receiver.storm(from, STORM)
    const order = judged ? `, ${disordered} out of order` : ''
    const met = seen === STORM && lost === 0 && disordered === 0
    const result = judged ? `, wanted all in order: ${met ? 'met' : 'MISSED'}` : ''
    console.log(`${name}: ${seen} listened to, ${lost ?? 'unknown how many'} lost${order}${result}`)
  }
}
