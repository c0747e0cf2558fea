/**
 * The control group (v2) that a process belongs to, with those below it: who is in it, how to kill all of it at once,
 * and when it is empty.
 *
 * `cgroup.kill` (5.14) reaches whoever is in it, and whoever is forked meanwhile. `cgroup.events` says `populated 0`
 * when the last one has ended, also of those that nobody listed; the kernel tells of the change (inotify).
 */
import { accessSync, constants, existsSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errno, systemError, unsupported } from './errors.js'
import { native } from './native.js'
import { mustBeOurProc } from './own-proc.js'
import { invalidValue } from './node-errors.js'
import type { Guard } from './termination-guard.js'
import type { Member } from './termination-member.js'
import type { Roster } from './termination-roster.js'
import type { OnFound, Scope } from './termination-scope.js'

type Caller = (...args: never[]) => unknown

const { SIGKILL = 9 } = native.constants

/** What cannot be read is empty: the process or the group is gone, or not for us to see. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EMFILE' || code === 'ENFILE') throw systemError('open', -errno[code], { pid: process.pid })
    return ''
  }
}

const pathOf = (pid: number): string | undefined => /^0::(.*)$/m.exec(read(`/proc/${pid}/cgroup`))?.[1]

const isWithin = (path: string, above: string): boolean =>
  path === above || above === '/' || path.startsWith(`${above}/`)

/** Where the group with this path is mounted; undefined where it is not. */
function directoryOf(path: string): string | undefined {
  for (const line of read('/proc/self/mountinfo').split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    if (!after.startsWith('cgroup2 ')) continue
    const [, , , root = '/', mountPoint = ''] = before.split(' ')
    if (!isWithin(path, root)) continue
    const unescaped = mountPoint.replace(/\\(\d{3})/g, (_, octal: string) =>
      String.fromCharCode(parseInt(octal, 8)),
    )
    const directory = join(unescaped, root === '/' ? path : path.slice(root.length))
    if (existsSync(join(directory, 'cgroup.procs'))) return directory
  }
  return undefined
}

function processesIn(directory: string): number[] {
  const pids = read(join(directory, 'cgroup.procs')).split('\n').map(Number)
  let below: string[] = []
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch {
    // It has been removed: then nobody is in it.
  }
  // 0 stands for a process that has no number here.
  return [...pids.filter((pid) => pid > 0), ...below.flatMap((name) => processesIn(join(directory, name)))]
}

/** @internal */
export class ControlGroup implements Scope {
  readonly path: string
  readonly asksNobody = true
  readonly #directory: string
  readonly #roster: Roster
  readonly #kill: string | undefined

  private constructor(path: string, directory: string, roster: Roster) {
    this.path = path
    this.#directory = directory
    this.#roster = roster
    const kill = join(directory, 'cgroup.kill')
    this.#kill = existsSync(kill) ? kill : undefined
  }

  /** Throws where the group cannot be ended, or must not be. Undefined for a process that is gone. */
  static of(member: Member, roster: Roster, guard: Guard, caller: Caller): ControlGroup | undefined {
    const { pid, link } = member
    mustBeOurProc()
    const path = pathOf(pid)
    if (link.state() === 'gone') return undefined
    // /.. is outside of our cgroup namespace.
    const directory = path === undefined || path.startsWith('/..') ? undefined : directoryOf(path)
    // The group of a zombie may have been removed.
    if (directory === undefined && link.state() !== 'alive') return undefined
    if (path === undefined || directory === undefined) {
      throw unsupported('open', 'a control group of version 2 that is mounted here', '4.5', pid, caller)
    }
    const own = pathOf(process.pid)
    if (own !== undefined && isWithin(own, path)) {
      throw invalidValue(
        'options.cgroup',
        true,
        `this process is in the control group of process ${pid}, ${path}, or below it: terminate it without cgroup`,
      )
    }
    const spared = processesIn(directory).find((one) => guard.spares(one))
    if (spared !== undefined) {
      throw invalidValue(
        'options.cgroup',
        true,
        `the control group of process ${pid}, ${path}, holds process ${spared}, which this one depends on: ` +
          'terminate it without cgroup',
      )
    }
    const group = new ControlGroup(path, directory, roster)
    group.#mustBeWritable(pid, caller)
    return group
  }

  #mustBeWritable(pid: number, caller: Caller): void {
    if (this.#kill === undefined) return
    try {
      accessSync(this.#kill, constants.W_OK)
    } catch (error) {
      const { errno: number = -errno.EACCES } = error as NodeJS.ErrnoException
      throw systemError('open', number, { pid, note: `${this.#kill} is not for this user to write` }, caller)
    }
  }

  find(onFound: OnFound): void {
    for (const pid of processesIn(this.#directory)) {
      this.#roster.admit(pid, () => isWithin(pathOf(pid) ?? '', this.path), onFound)
    }
  }

  sendToAll(signal: number): Set<Member> | undefined {
    if (signal !== SIGKILL || this.#kill === undefined) return undefined
    const reached = this.#roster.members.filter(
      ({ pid, over }) => !over && isWithin(pathOf(pid) ?? '', this.path),
    )
    try {
      writeFileSync(this.#kill, '1')
    } catch {
      return undefined // removed, since nobody is in it any more; or else each is sent to by itself
    }
    return new Set(reached)
  }

  /** Whether somebody lives in it, known or not. */
  isPopulated(): boolean {
    return /^populated 1$/m.test(read(join(this.#directory, 'cgroup.events')))
  }

  /** Calls back once nobody lives in it; what it returns stops that. */
  whenEmpty(callback: () => void): () => void {
    let watcher: ReturnType<typeof watch> | undefined
    let over = false
    const stop = (): void => {
      over = true
      watcher?.close()
    }
    const look = (): void => {
      if (over || this.isPopulated()) return
      stop()
      callback()
    }
    try {
      watcher = watch(join(this.#directory, 'cgroup.events'), look).on('error', look)
    } catch {
      // The group was removed; or no watch is to be had (max_user_instances), and the wait takes its whole time.
    }
    setImmediate(look) // what was before the watch
    return stop
  }
}
