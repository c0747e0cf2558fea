/**
 * What it costs to be told that a process has ended, and how soon one is told: `PidFd.exited()` against the 'exit' of
 * child_process, against polling with signal 0, and against epoll on pidfds in C.
 *
 * Every contestant is a process of its own, so that its CPU time, memory and threads are its own.
 */
import { compile } from './exits/programs.mjs'
import { oneByOne, oneByOneInC, startWatcher, together } from './exits/watching.mjs'
import { report } from './report.mjs'
import { median, quantile } from './rounds.mjs'

const ROUNDS = { 100: 7, 1000: 5, 4000: 3 }
const SIZES = Object.keys(ROUNDS).map(Number)
const LATENCY_ROUNDS = 8
const LATENCY_BATCH = 50
const KINDS = ['sigkit', 'child_process', 'polling']

compile()
const watchers = KINDS.map(startWatcher)
await latency()
await cost()
for (const watcher of watchers) watcher.stop()
await memory()

async function latency() {
  const contestants = {
    'C epoll': () => oneByOneInC(LATENCY_BATCH),
    'PidFd.exited': () => oneByOne(watchers[0], LATENCY_BATCH),
    "child_process 'exit'": () => oneByOne(watchers[1], LATENCY_BATCH),
  }
  const figures = {}
  for (const name of Object.keys(contestants)) figures[`${name}, p50`] = []
  const all = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]))
  for (let round = -1; round < LATENCY_ROUNDS; round++) {
    for (const [name, take] of Object.entries(contestants)) {
      const ns = await take()
      if (round < 0) continue // V8 warms up
      figures[`${name}, p50`].push(median(ns))
      all[name].push(...ns)
    }
  }
  for (const [name, ns] of Object.entries(all)) figures[`${name}, p99`] = [quantile(ns, 0.99)]
  figures['polling every 50 ms, p50'] = [median(await oneByOne(watchers[2], 20))]
  report(
    'Exits, one at a time: from the end of the process to the JavaScript that waits for it',
    figures,
    [
      ...['p50', 'p99'].flatMap((q) => [
        { call: `PidFd.exited, ${q}`, peer: `C epoll, ${q}`, atMost: 2 },
        { call: `PidFd.exited, ${q}`, peer: `child_process 'exit', ${q}` },
      ]),
      { call: 'polling every 50 ms, p50', peer: 'PidFd.exited, p50' },
    ],
    'ns',
  )
}

async function cost() {
  const found = []
  for (const watcher of watchers) for (let i = 0; i < 3; i++) await together(watcher, 300)
  for (let round = 0; round < ROUNDS[SIZES[0]]; round++) {
    for (const size of SIZES.filter((one) => round < ROUNDS[one])) {
      for (const watcher of watchers) {
        found.push({ ...(await together(watcher, size)), name: `${watcher.kind}, ${size}` })
      }
      const zombies = await together(watchers[0], size, 'zombies')
      found.push({ ...zombies, name: `sigkit, ${size} zombies` })
    }
  }
  const figuresOf = (field) => {
    const figures = {}
    for (const one of found) (figures[one.name] ??= []).push(one[field])
    return figures
  }
  const eachSize = (peer, target) =>
    SIZES.map((size) => ({ call: `sigkit, ${size}`, peer: `${peer}, ${size}`, ...target }))

  report(
    'Exits, all at once: CPU time of the watcher per exit',
    figuresOf('exitCpu'),
    [
      { call: 'sigkit, 4000', peer: 'sigkit, 100', atMost: 1.5 },
      ...eachSize('child_process', { atMost: 0.5 }),
      ...eachSize('polling'),
      ...SIZES.map((size) => ({ call: `sigkit, ${size} zombies`, peer: `sigkit, ${size}` })),
    ],
    'ns per exit',
  )
  report(
    'The same, with opening and closing the handle, or with spawning',
    figuresOf('lifeCpu'),
    eachSize('child_process', { atMost: 0.5 }),
    'ns per process',
  )
  report(
    'Exits, all at once: from the end of the last one to the JavaScript that knows all',
    figuresOf('behind'),
    [...eachSize('child_process'), ...eachSize('polling')],
    'ns',
  )
  report(
    'While nothing ends: CPU time per second',
    figuresOf('idleCpu'),
    [...eachSize('child_process'), ...eachSize('polling')],
    'ns per s',
  )
}

/** In fresh processes: one that has grown already does not grow again. */
async function memory() {
  const figures = {}
  let threads = 0
  for (const kind of ['sigkit', 'child_process']) {
    const watcher = startWatcher(kind)
    await together(watcher, 50)
    const one = await together(watcher, 4000)
    watcher.stop()
    figures[kind] = [one.bytes]
    if (kind === 'sigkit') threads = one.threads
  }
  report(
    'Resident memory per watched process, of 4000',
    figures,
    [{ call: 'sigkit', peer: 'child_process', atMost: 0.5 }],
    'bytes',
  )
  console.log(`\nThreads added by sigkit: ${threads}, wanted <= 1: ${threads <= 1 ? 'met' : 'MISSED'}`)
}
