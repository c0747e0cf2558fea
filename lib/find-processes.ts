/**
 * Processes that match, each with a handle that was open before it was matched.
 *
 * Twice: a first look at everything says who is worth a handle. Then each candidate is opened, and read and matched
 * once more. If the handle says after that reading that its process is still there, the number was its own all the
 * while, so what matched and what the handle reaches are one process.
 */
import { lineFrom } from './ancestors.js'
import { isErrno, systemError } from './errors.js'
import type { Link } from './link.js'
import { mustBeOurProc } from './own-proc.js'
import { PidFd } from './pidfd.js'
import { portHolders, type Port } from './port-holders.js'
import type { ProcessEntry } from './process-entry.js'
import { nowByBootTime } from './proc-stat.js'
import { compileQuery, type CompiledQuery, type ProcessQuery } from './process-query.js'
import { everything, readLater, type Read, type Wanted } from './process-records.js'
import { openProcess } from './processes.js'
import { resolveTarget, type Target } from './target.js'

/** A process that matched. As a target it is its `pidfd`. */
export interface Match extends ProcessEntry {
  /** Opened before the process was matched: it cannot be anybody else's. Close it, or dispose of the match. */
  readonly pidfd: PidFd
  /** Closes the handle. */
  [Symbol.dispose](): void
}

/** What {@link findProcesses} found. Disposing closes every handle. */
export type Matches = Match[] &
  Disposable & {
    /** The distinct programs: path, else argv[0], else comm, else (hidepid) /proc/PID/exe. More than one is worth a look before signalling. */
    readonly executables: readonly string[]
  }

/** Who never matches: whoever looks, unless asked for, and those that it runs under. */
function ownLine(includeSelf: boolean): Set<number> {
  const line = lineFrom(process.ppid)
  if (!includeSelf) line.add(process.pid)
  return line
}

async function read(pids: readonly number[] | undefined, wanted: Wanted): Promise<Read> {
  const found = await readLater(pids, wanted)
  if (typeof found === 'number') throw systemError('open', found, { pid: process.pid }, findProcesses)
  return found
}

async function holdersOf(port: Port, pids: readonly number[] | undefined): Promise<number[]> {
  const found = await portHolders(port, pids)
  if (typeof found === 'number') throw systemError('open', found, { pid: process.pid }, findProcesses)
  return found
}

/** The parent that is asked for; undefined where it is gone, and so has no children. */
function openParent(parent: Target): Link | undefined {
  try {
    resolveTarget(parent, findProcesses, 'query.parent')
    return openProcess(parent, findProcesses)
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return undefined
    throw error
  }
}

/** The handle of a candidate; undefined where it has ended. */
function openCandidate(pid: number): PidFd | undefined {
  try {
    return PidFd.open(pid)
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return undefined
    throw error
  }
}

class Search {
  /** By pid. What is left of them in the end is closed. */
  readonly handles = new Map<number, PidFd>()

  constructor(
    private readonly query: CompiledQuery,
    private readonly parent: Link | undefined,
  ) {}

  /** Those of what was read that match. */
  #matching({ entries, environs }: Read): ProcessEntry[] {
    const never = ownLine(this.query.includeSelf)
    const now = nowByBootTime()
    return entries.filter(
      (entry, index) =>
        !never.has(entry.pid) &&
        (this.query.parent === undefined || entry.ppid === this.parent?.pid) &&
        this.query.matches({ entry, environ: environs[index], now }),
    )
  }

  async #look(pids: readonly number[] | undefined, fields: Wanted['fields']): Promise<ProcessEntry[]> {
    const { port, environ } = this.query
    const among = port === undefined ? pids : await holdersOf(port, pids)
    if (among?.length === 0) return []
    return this.#matching(await read(among, { fields, environ }))
  }

  async run(): Promise<Match[]> {
    for (const { pid } of await this.#look(undefined, this.query.fields)) {
      const handle = openCandidate(pid)
      if (handle !== undefined) this.handles.set(pid, handle)
    }
    const found = await this.#look([...this.handles.keys()], everything.fields)
    if (this.parent?.state() === 'gone') return []
    const matches = found.flatMap((entry) => {
      const pidfd = this.handles.get(entry.pid)
      return pidfd === undefined || pidfd.state() === 'gone' ? [] : [asMatch(entry, pidfd)]
    })
    for (const { pid } of matches) this.handles.delete(pid)
    return matches
  }
}

function asMatch(entry: ProcessEntry, pidfd: PidFd): Match {
  const dispose = (): void => {
    pidfd.close()
  }
  return Object.defineProperty({ ...entry, pidfd } as Match, Symbol.dispose, { value: dispose })
}

function asMatches(found: Match[]): Matches {
  // Under hidepid none may be there. Each counts as a program of its own then, since nobody knows better.
  const program = ({ exe, argv, comm, pid }: Partial<Match>): string =>
    exe ?? argv?.[0] ?? comm ?? `/proc/${String(pid)}/exe`
  const executables = new Set(found.map(program))
  const dispose = (): void => {
    for (const match of found) match.pidfd.close()
  }
  return Object.defineProperties(found, {
    executables: { value: Object.freeze([...executables]) },
    [Symbol.dispose]: { value: dispose },
  }) as Matches
}

/**
 * `pgrep`, `fuser` and `lsof -i` on handles: every process for which all of the query holds, with a {@link PidFd} that
 * was open before it was matched. Whatever happens to the number in between, a signal through that handle reaches the
 * process that matched or nobody.
 *
 * The own process and its ancestors never match; `includeSelf` lets the own process match. `executables` of the result
 * names the distinct programs: a name that takes more than one is worth a look.
 *
 * A criterion on what may not be read (`exe`, `environ` and the sockets of other users' processes) does not hold. A
 * port is one of our own network namespace.
 *
 * @param query at least one criterion; see {@link ProcessQuery}
 * @throws TypeError, RangeError (rejects) for a query without a criterion, with an empty or an unknown one
 * @throws ResourceLimitError (rejects) EMFILE, ENFILE, ENOMEM: each match needs a descriptor. All are closed then.
 *
 * Linux 5.3 for handles that cannot miss; see {@link PidFd.open}. Ports through sock_diag(7), else /proc/net. Source:
 * `man 1 pgrep`, `man 7 sock_diag`.
 *
 * @example
 * using servers = await findProcesses({ name: 'node', user: 'deploy', olderThan: 60_000 })
 * if (servers.executables.length === 1) for (const { pidfd } of servers) pidfd.send('SIGTERM')
 */
export async function findProcesses(query: ProcessQuery): Promise<Matches> {
  const compiled = compileQuery(query)
  mustBeOurProc()
  const parent = compiled.parent === undefined ? undefined : openParent(compiled.parent)
  if (compiled.parent !== undefined && parent === undefined) return asMatches([])
  const search = new Search(compiled, parent)
  try {
    return asMatches(await search.run())
  } finally {
    parent?.close()
    for (const handle of search.handles.values()) handle.close()
  }
}
