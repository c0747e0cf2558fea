/** A function of a test that runs in a process of its own: test/fixtures/own-process.mjs. */
import type * as childProcess from 'node:child_process'
import type cluster from 'node:cluster'
import type { once } from 'node:events'
import type * as fs from 'node:fs'
import type { setImmediate, setTimeout } from 'node:timers/promises'
import type { MessagePort, Worker } from 'node:worker_threads'
import type * as Sigkit from 'sigkit'
import type * as Syscalls from 'sigkit/syscalls'
import { startNode, type NodeOptions } from './fixture.js'
import type { Program } from './program.js'
import type { Thrown } from './thrown.js'

export interface Orphans {
  pids: number[]
  /** Whether they may dump a core. */
  core: boolean
  /** Ends all of them: from now on, or soon after, they are zombies. */
  end(): void
}

/** What an error said. */
export type Told = Pick<Thrown, 'name' | 'message' | 'code' | 'errno' | 'syscall' | 'pid'> & {
  reaped?: boolean
  reapedElsewhere?: boolean
}

export interface InsideWorker<D> {
  sigkit: typeof Sigkit
  syscalls: typeof Syscalls
  data: D
  port: MessagePort
  require: NodeJS.Require
}

/** All that the function sees, besides globals. */
export interface Inside {
  sigkit: typeof Sigkit
  syscalls: typeof Syscalls
  /** Processes of test/fixtures/orphans.c, adopted by this one: children that libuv does not know. */
  adopt(count: number, ...how: (string | number)[]): Promise<Orphans>
  /** Loads a library of test/fixtures/*.so.c, which does at once what the variable says. */
  load(library: string, variable: string, what: string): void
  stateOf(pid: number): string
  blockUntil(condition: () => boolean, what: string): void
  until(condition: () => boolean, what: string): Promise<void>
  /** Takes all descriptors that are left, to be closed again. */
  fillTable(): number[]
  within<T>(promise: Promise<T>, what: string): Promise<T>
  caught(call: () => unknown): Promise<Told>
  startWorker<D>(body: (inside: InsideWorker<D>) => unknown, data: D): Worker
  say(line: unknown): void
  spawn: typeof childProcess.spawn
  spawnSync: typeof childProcess.spawnSync
  execFile: typeof childProcess.execFile
  fork: typeof childProcess.fork
  cluster: typeof cluster
  once: typeof once
  turn: typeof setImmediate
  pause: typeof setTimeout
  existsSync: typeof fs.existsSync
  readdirSync: typeof fs.readdirSync
  readFileSync: typeof fs.readFileSync
  programPath(name: string): string
  countPidfds(): number
  plainEnvironment: NodeJS.ProcessEnv
}

export type Body<A, R> = (inside: Inside, argument: A) => R | Promise<R>

/**
 * Starts it, for a test that speaks with it. `stay`: it is not ended, but ends when nothing is left to wait for;
 * 'forever': not even then.
 */
export function startOwnProcess<A>(
  body: Body<A, unknown>,
  argument: A,
  { stay = false, ...options }: NodeOptions & { stay?: boolean | 'forever' } = {},
): Program {
  const args = [
    String(body),
    JSON.stringify(argument),
    ...(stay === false ? [] : [stay === true ? 'stay' : stay]),
  ]
  return startNode('own-process.mjs', { ...options, args })
}

/** What the function returned. */
export async function resultOf<R>(program: Program, what = 'the result'): Promise<R> {
  const line = await program.next<{ result?: R; error?: Told & { stack: string } }>(what)
  if (line.error !== undefined) throw new Error(`in the process of its own: ${line.error.stack}`)
  if (!('result' in line)) throw new Error(`a line instead of ${what}: ${JSON.stringify(line)}`)
  return line.result
}

/** Runs it, and gives what it returned. */
export async function inOwnProcess<A, R>(
  body: Body<A, R>,
  argument: A,
  options: NodeOptions = {},
): Promise<R> {
  return resultOf<R>(startOwnProcess(body, argument, options))
}
