/**
 * What `sigkit init` costs beside tini and dumb-init: the time until its command has run, the memory it holds, and how
 * fast it reaps. They are C programs of some kilobytes, so the first two can only be stated; node itself, running
 * nothing, is the floor.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { compile } from './c-program.mjs'
import { report } from './report.mjs'

const ROUNDS = 15
const ORPHANS = 2000

const cli = `${import.meta.dirname}/../dist/cli/main.js`
const contestants = {
  'sigkit init': [process.execPath, cli, 'init', '--'],
  'sigkit init, one V8 thread': [process.execPath, '--v8-pool-size=0', cli, 'init', '--'],
  tini: ['tini', '--'],
  'dumb-init': ['dumb-init', '--single-child', '--'],
}
const peers = ['tini', 'dumb-init'].filter((name) => {
  const absent = spawnSync(name, ['--version']).error !== undefined
  if (absent) console.log(`\n${name} is not installed: not compared (apt-get install ${name})`)
  if (absent) delete contestants[name]
  return !absent
})

const root = process.getuid() === 0 ? [] : ['--user', '--map-root-user']
const asPid1 = ['unshare', ...root, '--pid', '--fork', '--mount-proc', '--kill-child']
const canNamespace = spawnSync(asPid1[0], [...asPid1.slice(1), 'true']).status === 0

function run([file, ...args]) {
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

function eachRound(rounds, names, take) {
  const figures = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const figure = take(name)
      if (round >= 0) figures[name].push(figure) // the first only fills the caches
    }
  }
  return figures
}

function startUp() {
  const names = [...Object.keys(contestants), 'node alone']
  const figures = eachRound(ROUNDS, names, (name) => {
    const start = process.hrtime.bigint()
    run(name === 'node alone' ? [process.execPath, '-e', '0'] : [...contestants[name], 'true'])
    return Number(process.hrtime.bigint() - start) / 1000
  })
  report(
    'From the start of the init to the end of `true` under it',
    figures,
    ['node alone', ...peers].map((peer) => ({ call: 'sigkit init', peer })),
    'us',
  )
}

async function memory() {
  const figures = {}
  for (const name of [...Object.keys(contestants), 'node alone']) {
    const words =
      name === 'node alone'
        ? [process.execPath, '-e', "console.log('ready'); setInterval(() => {}, 1e9)"]
        : [...contestants[name], 'sh', '-c', 'echo ready; exec sleep 1000']
    const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const text = readFileSync(`/proc/${child.pid}/smaps_rollup`, 'utf8')
    const sizeOf = (field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)[1])
    figures[`${name}, resident`] = [sizeOf('Rss')]
    figures[`${name}, its own`] = [sizeOf('Private_Dirty') + sizeOf('Private_Clean')]
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
  }
  report(
    'Memory; what is not its own is shared with every other node of the machine',
    figures,
    ['resident', 'its own'].flatMap((kind) => [
      ...['node alone', ...peers].map((peer) => ({ call: `sigkit init, ${kind}`, peer: `${peer}, ${kind}` })),
      { call: `sigkit init, one V8 thread, ${kind}`, peer: `node alone, ${kind}` },
    ]),
    'KiB',
  )
}

function reaping() {
  if (!canNamespace) {
    console.log('\nno pid namespaces here: reaping is not measured')
    return
  }
  const program = compile('init/orphans')
  const names = Object.keys(contestants).filter((name) => !name.includes('V8'))
  const figures = eachRound(ROUNDS, names, (name) =>
    Number(run([...asPid1, ...contestants[name], program, `${ORPHANS}`])),
  )
  report(
    `As PID 1, ${ORPHANS} orphans at once: from the first end to the last reap`,
    figures,
    peers.map((peer) => ({ call: 'sigkit init', peer, atMost: 2 })),
    'ns per orphan',
  )
}

startUp()
await memory()
reaping()
