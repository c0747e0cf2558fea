/**
 * receiver WAY SIGNAL: is told of a signal in one way, and answers over IPC what receivers.mjs asks. Its stdout is the
 * stdin of a sender.
 */
import { writeSync } from 'node:fs'
import { kill, onSignal, sigqueue } from '../../dist/index.mjs'
import { median } from '../rounds.mjs'

const [, , way, signal] = process.argv
const SENDER = 1
const ACKNOWLEDGED = new Uint8Array(1)
const PER_TICK = 1000
const REPEATS = 7
const SETTLE_MS = 200

let arrived = () => {}
const onEvent = (event) => arrived(event)
const subscription = way === 'process.on' ? process.on(signal, onEvent) : onSignal(signal, onEvent)

/** Until it fits: the kernel's queue is one for all processes of a user. */
function queueSelf(value) {
  for (;;) {
    try {
      return sigqueue(process.pid, signal, value)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

const sendSelf =
  way === 'process.on'
    ? () => process.kill(process.pid, signal)
    : signal.startsWith('SIGRT')
      ? queueSelf
      : () => kill(process.pid, signal)

const now = () => process.hrtime.bigint()

function askSender({ number, count, flood }) {
  writeSync(SENDER, new Int32Array([process.pid, number, count, flood ? 1 : 0]))
}

let spinning = false
function spin() {
  if (spinning) setImmediate(spin)
}

function allArrived(count, each) {
  let seen = 0
  return new Promise((resolve) => {
    arrived = (event) => {
      each(event, seen)
      if (++seen === count) resolve()
    }
  })
}

async function latency({ loop, number, count }) {
  const times = new BigInt64Array(count)
  const done = allArrived(count, (event, i) => {
    times[i] = now()
    writeSync(SENDER, ACKNOWLEDGED)
  })
  spinning = loop === 'busy'
  spin()
  askSender({ number, count, flood: false })
  await done
  spinning = false
  return { times: [...times].map(String) }
}

/** The median of a few: one takes a millisecond, which a busy machine easily doubles. */
async function backlog({ count }) {
  const times = []
  for (let i = 0; i < REPEATS; i++) times.push(await oneBacklog(count))
  return { ns: median(times) }
}

async function oneBacklog(count) {
  let last = 0n
  const done = allArrived(count, (event, i) => {
    if (i === count - 1) last = now()
  })
  for (let i = 0; i < count; i++) sendSelf(i)
  const start = now()
  await done
  return Number(last - start)
}

async function throughput({ count }) {
  const start = now()
  for (let sent = 0; sent < count; sent += PER_TICK) {
    const done = allArrived(PER_TICK, () => {})
    for (let i = 0; i < PER_TICK; i++) sendSelf(i)
    await done
  }
  return { ns: Number(now() - start) }
}

let before = 0
let seen = 0
let disordered = 0

function storm({ count, number, from }) {
  before = subscription.lost
  seen = 0
  disordered = 0
  let next = 0
  arrived = (event) => {
    seen++
    const value = event.valueInt ?? next
    if (value !== next) disordered++
    next = value + 1
  }
  if (from === 'sender') askSender({ number, count, flood: true })
  else for (let i = 0; i < count; i++) sendSelf(i)
  return {}
}

async function settled() {
  for (let known = -1; known !== seen;) {
    known = seen
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  }
  return { seen, disordered, lost: way === 'process.on' ? undefined : subscription.lost - before }
}

const questions = { latency, backlog, throughput, storm, settled }

process.on('message', async ({ question, ...details }) => {
  process.send(await questions[question](details))
})
