/** The processes of this machine, and one of them. */
import { isErrno, systemError } from './errors.js'
import type { Link } from './link.js'
import { invalidType, invalidValue } from './node-errors.js'
import { openLink } from './open-link.js'
import type { Field, ProcessEntry } from './process-entry.js'
import { allFields, everything, readLater, readNow, type Wanted } from './process-records.js'
import type { Target } from './target.js'

type Caller = (...args: never[]) => unknown

/** What {@link listProcesses} reads. */
export interface ListOptions {
  /** Only these, and `pid`: what is not asked for costs nothing. Default: all. */
  fields?: readonly Field[] | undefined
}

function wantedFields(options: ListOptions | undefined): Wanted {
  if (options === undefined) return everything
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidType('options', 'an object { fields }', options)
  }
  const { fields } = options
  if (fields === undefined) return everything
  if (!Array.isArray(fields)) throw invalidType('options.fields', 'an array of field names', fields)
  for (const field of fields as unknown[]) {
    if (!(allFields as readonly unknown[]).includes(field)) {
      throw invalidValue('options.fields', field, `a field is one of ${allFields.join(', ')}`)
    }
  }
  return { fields: new Set<Field>(['pid', ...(fields as Field[])]), environ: false }
}

/**
 * Every process that /proc shows us, zombies and kernel threads too: `ps -e`. Read natively and off the JavaScript
 * thread; each entry is of one process, although the list as a whole is of no single moment.
 *
 * A field that may not be read is absent: `exe` of other users' processes, and where /proc is mounted with
 * hidepid=noaccess everything but `pid`, `uid`, `user` and `identity`; with hidepid=invisible the whole entry is.
 *
 * @param options `fields`: only these, and `pid`
 * @throws ResourceLimitError (rejects) EMFILE, ENFILE, ENOMEM
 * @throws TypeError (rejects) `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for bad options
 *
 * Any kernel. Source: `man 5 proc_pid_stat`, `man 5 proc_pid_status`, `man 5 proc_pid_cmdline`, `man 5 cgroups`.
 *
 * @example
 * const busy = (await listProcesses({ fields: ['comm', 'cpuTime'] })).filter(({ cpuTime }) => cpuTime > 60_000)
 */
export async function listProcesses(options?: ListOptions): Promise<ProcessEntry[]> {
  const read = await readLater(undefined, wantedFields(options))
  if (typeof read === 'number') throw systemError('open', read, { pid: process.pid }, listProcesses)
  return read.entries
}

/**
 * A hold on the process that is meant. A thread is none.
 * @internal
 */
export function openProcess(target: Target, caller: Caller): Link {
  const link = openLink(target, false, caller)
  if (!link.thread) return link
  link.close()
  throw invalidValue('target', link.pid, 'it is a handle on a thread, and no process')
}

/**
 * Reads those of the numbers that are there.
 * @internal
 */
export function readProcesses(pids: readonly number[], wanted: Wanted, caller: Caller): ProcessEntry[] {
  const entries = readNow(pids, wanted)
  if (typeof entries === 'number') throw systemError('open', entries, { pid: pids[0] ?? process.pid }, caller)
  return entries
}

/**
 * One process as /proc shows it; undefined where there is none, or /proc hides it.
 *
 * @param target a pid, a ChildProcess, a PidFd, a ProcessRef or a ProcessEntry
 * @throws ResourceLimitError EMFILE, ENFILE, ENOMEM
 * @throws TypeError, RangeError for a bad target; code `ERR_PIDFD_CLOSED` for a closed PidFd
 *
 * Any kernel. Source: `man 5 proc_pid_stat`.
 *
 * @example
 * console.log(getProcess(process.ppid)?.argv)
 */
export function getProcess(target: Target): ProcessEntry | undefined {
  let link: Link
  try {
    link = openProcess(target, getProcess)
  } catch (error) {
    if (isErrno(error, 'ESRCH') || isErrno(error, 'EACCES')) return undefined
    throw error
  }
  try {
    const [entry] = readProcesses([link.pid], everything, getProcess)
    // Read by number: its own only if the process is still there.
    return link.state() === 'gone' ? undefined : entry
  } finally {
    link.close()
  }
}
