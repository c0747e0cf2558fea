/**
 * Finding processes: lists against ps-list, ps and a C program that reads the same files; a tree of 10 against pidtree;
 * a port against find-process, fuser and a C program over netlink. On the machine as it is, and with 1000 more processes.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import findProcess from 'find-process'
import pidtree from 'pidtree'
import psList from 'ps-list'
import { descendants, findProcesses, listProcesses } from '../dist/index.mjs'
import { compile } from './c-program.mjs'
import { report } from './report.mjs'
import { median } from './rounds.mjs'

const ROUNDS = 9
const run = promisify(execFile)

const sleepers = compile('processes/sleepers')
const listLoop = compile('processes/list-loop')
const portLoop = compile('processes/port-loop')

/** What ps-list tells, and where it stands. */
const FIELDS = ['pid', 'ppid', 'comm', 'argv', 'exe', 'uid', 'cpuTime', 'rss', 'startTime']
const FILES = ['stat', 'cmdline', 'exe', 'uid']
const ALL_FILES = [...FILES, 'status', 'cgroup']

async function start(kind, count) {
  const program = spawn(sleepers, [kind, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(program.stdout, 'data')
  return { pid: program.pid, end: () => (program.stdin.end(), once(program, 'exit')) }
}

/** The sampler of a call: the ns it takes, the median of a few. */
const timed =
  (call, times = 5) =>
  async () => {
    const taken = []
    for (let i = 0; i < times; i++) {
      const begin = process.hrtime.bigint()
      await call()
      taken.push(Number(process.hrtime.bigint() - begin))
    }
    return median(taken)
  }

/** The part of a call in which the JavaScript thread can do nothing else, in ns. */
const blocking =
  (call, times = 5) =>
  async () => {
    const taken = []
    for (let i = 0; i < times; i++) {
      const before = performance.eventLoopUtilization()
      await call()
      taken.push(performance.eventLoopUtilization(before).active * 1e6)
    }
    return median(taken)
  }

const inC = (program, ...args) => {
  const output = execFileSync(program, ['5', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return median(output.trim().split('\n').map(Number))
}

async function interleave(samplers) {
  const figures = Object.fromEntries(Object.keys(samplers).map((name) => [name, []]))
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, sample] of Object.entries(samplers)) {
      const ns = await sample()
      if (round >= 0) figures[name].push(ns)
    }
  }
  return figures
}

async function lists(where, target) {
  const fields = { fields: FIELDS }
  const figures = await interleave({
    'listProcesses, as ps-list': timed(() => listProcesses(fields)),
    'its JavaScript thread': blocking(() => listProcesses(fields)),
    'listProcesses, everything': timed(() => listProcesses()),
    'C, the same files': () => inC(listLoop, ...FILES),
    'C, all files': () => inC(listLoop, ...ALL_FILES),
    'ps -e': timed(() => run('ps', ['-eo', 'pid,ppid,uid,time,rss,comm,args']), 2),
    'ps-list': timed(() => psList(), 2),
  })
  report(`Lists, ${where}`, figures, [
    { call: 'listProcesses, as ps-list', peer: 'C, the same files', atMost: 1.5 },
    { call: 'listProcesses, as ps-list', peer: 'ps-list', timesFaster: target },
    { call: 'listProcesses, as ps-list', peer: 'ps -e' },
    { call: 'its JavaScript thread', peer: 'listProcesses, as ps-list', below: 0.5 },
    { call: 'listProcesses, everything', peer: 'C, all files', atMost: 1.5 },
    { call: 'listProcesses, everything', peer: 'ps-list' },
    { call: 'C, the same files', peer: 'ps-list' },
  ])
}

async function trees(where, pid) {
  const figures = await interleave({
    descendants: timed(() => descendants(pid), 50),
    pidtree: timed(() => pidtree(pid), 2),
  })
  report(`The descendants of a process that has 10, ${where}`, figures, [
    { call: 'descendants', peer: 'pidtree', ...(where === 'idle' ? {} : { timesFaster: 100 }) },
  ])
  return figures.descendants
}

async function ports(where, port) {
  const find = async () =>
    (await findProcesses({ port: { port, protocol: 'tcp' }, includeSelf: true }))[Symbol.dispose]()
  const figures = await interleave({
    'findProcesses({ port })': timed(find, 10),
    'C over netlink': () => inC(portLoop, String(port)),
    fuser: timed(() => run('fuser', [`${port}/tcp`]), 2),
    'find-process': timed(() => findProcess('port', port), 2),
  })
  report(`Who listens on a port, ${where}`, figures, [
    { call: 'findProcesses({ port })', peer: 'C over netlink', atMost: 2 },
    { call: 'findProcesses({ port })', peer: 'fuser' },
    { call: 'findProcesses({ port })', peer: 'find-process' },
  ])
}

const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address()
const tree = await start('tree', 11)

async function everything(where, target) {
  await lists(where, target)
  await ports(where, port)
  return trees(where, tree.pid)
}

const idle = await everything('idle', 6)
const crowd = await start('flat', 1000)
const busy = await everything('with 1000 more processes', 2.3)
await crowd.end()
report('descendants, busy against idle', { busy, idle }, [{ call: 'busy', peer: 'idle', atMost: 1.2 }])
await tree.end()
server.close()
