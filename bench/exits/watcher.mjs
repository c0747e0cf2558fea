/** watcher KIND VICTIM: waits for the end of processes in one way, as watching.mjs asks over IPC. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { PidFd } from '../../dist/index.mjs'

const [, , kind, victim] = process.argv
const POLL_MS = 50
const IDLE_MS = 250

function poll(pids) {
  let left = []
  const exits = pids.map((pid) => new Promise((resolve) => left.push({ pid, resolve })))
  const timer = setInterval(() => {
    left = left.filter(({ pid, resolve }) => {
      try {
        process.kill(pid, 0)
        return true
      } catch {
        resolve()
        return false
      }
    })
    if (left.length === 0) clearInterval(timer)
  }, POLL_MS)
  return { pids, exits, close() {} }
}

function watchWithSigkit(pids) {
  const handles = pids.map((pid) => PidFd.open(pid))
  const exits = handles.map((handle) => handle.exited())
  return {
    pids,
    exits,
    close() {
      for (const handle of handles) handle.close()
    },
  }
}

function spawnVictims(count, slots) {
  const children = Array.from({ length: count }, (_, i) =>
    spawn(victim, [slots, String(count), String(i)], { stdio: 'ignore' }),
  )
  const exits = children.map((child) => new Promise((resolve) => child.once('exit', resolve)))
  return { pids: children.map(({ pid }) => pid), exits, children, close() {} }
}

const threads = () => Number(/^Threads:\t(\d+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))[1])

function resident() {
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage.rss()
}

function cpuSince(start) {
  const { user, system } = process.cpuUsage(start)
  return (user + system) * 1000
}

let watched

function start({ watch: pids, spawn: count, slots }) {
  const bytes = resident()
  const threadsBefore = threads()
  const cpu = process.cpuUsage()
  watched =
    kind === 'sigkit' ? watchWithSigkit(pids) : kind === 'polling' ? poll(pids) : spawnVictims(count, slots)
  const cpuNs = cpuSince(cpu)
  return { cpuNs, bytes: resident() - bytes, threads: threads() - threadsBefore }
}

async function idle() {
  const cpu = process.cpuUsage()
  await sleep(IDLE_MS)
  return { idleCpuNs: cpuSince(cpu), idleMs: IDLE_MS }
}

async function together() {
  const cpu = process.cpuUsage()
  await Promise.all(watched.exits)
  const known = String(process.hrtime.bigint())
  const cpuNs = cpuSince(cpu)
  const closing = process.cpuUsage()
  watched.close()
  watched = undefined
  return { cpuNs, closeNs: cpuSince(closing), known }
}

async function oneByOne() {
  const seen = []
  for (const [i, pid] of watched.pids.entries()) {
    process.kill(pid, 'SIGURG')
    await watched.exits[i]
    seen.push(String(process.hrtime.bigint()))
  }
  watched.close()
  watched = undefined
  return { seen }
}

const questions = { idle, together, oneByOne }

process.on('message', async (question) => {
  process.send(await (typeof question === 'string' ? questions[question]() : start(question)))
})
