/** Processes as a tree of lines. */
import { invalidType, invalidValue } from './node-errors.js'
import { printable } from './printable.js'
import type { ProcessEntry } from './process-entry.js'

/** How {@link formatTree} shows processes. */
export interface TreeOptions {
  /** The line of column names. Default: true. */
  header?: boolean | undefined
  /** `comm`, as `ps -ejH`, or `argv`, as `ps -ejHf`: the arguments where they are known. Default: `comm`. */
  command?: 'comm' | 'argv' | undefined
}

interface Columns {
  pid: string
  pgid: string
  sid: string
  tty: string
  time: string
  command: string
}

const HEADER: Columns = { pid: 'PID', pgid: 'PGID', sid: 'SID', tty: 'TTY', time: 'TIME', command: 'CMD' }

function lineOf({ pid, pgid, sid, tty, time, command }: Columns): string {
  return `${pid.padStart(7)} ${pgid.padStart(7)} ${sid.padStart(7)} ${tty.padEnd(8)} ${time.padStart(8)} ${command}`
}

/** [DD-]HH:MM:SS */
function cpuTime(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const days = Math.floor(seconds / 86_400)
  const time = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return days === 0 ? time : `${two(days)}-${time}`
}

function commandOf({ comm, argv, state }: Partial<ProcessEntry>, command: 'comm' | 'argv'): string {
  const text = command === 'argv' && argv !== undefined && argv.length > 0 ? argv.join(' ') : (comm ?? '?')
  return state === 'Z' ? `${printable(text)} <defunct>` : printable(text)
}

/** Oldest first, as they were started. */
function byAge(a: ProcessEntry, b: ProcessEntry): number {
  return (a.startTime ?? 0) - (b.startTime ?? 0) || a.pid - b.pid
}

interface Placed {
  entry: ProcessEntry
  depth: number
}

/** Parents before children, each process once, whatever the numbers claim: a list is of no single moment. */
function* placed(entries: readonly ProcessEntry[]): Generator<Placed> {
  const left = new Map(entries.map((entry) => [entry.pid, entry]))
  const childrenOf = new Map<number, ProcessEntry[]>()
  for (const entry of left.values()) {
    const siblings = childrenOf.get(entry.ppid)
    if (siblings === undefined) childrenOf.set(entry.ppid, [entry])
    else siblings.push(entry)
  }
  const isRoot = ({ pid, ppid }: ProcessEntry): boolean => !left.has(ppid) || ppid === pid
  const roots = [...left.values()].filter(isRoot).sort(byAge)
  // What is in a circle hangs on no root: its oldest member becomes one.
  const rest = [...left.values()].sort(byAge)
  for (const root of [...roots, ...rest]) {
    const stack: Placed[] = [{ entry: root, depth: 0 }]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { entry, depth } = next
      if (!left.delete(entry.pid)) continue
      yield next
      const children = (childrenOf.get(entry.pid) ?? []).sort(byAge)
      for (const child of children.reverse()) stack.push({ entry: child, depth: depth + 1 })
    }
  }
}

function checked(options: TreeOptions): { header: boolean; command: 'comm' | 'argv' } {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidType('options', 'an object { header, command }', options)
  }
  const { header = true, command = 'comm' } = options
  if (typeof header !== 'boolean') throw invalidType('options.header', 'a boolean', header)
  if (command !== 'comm' && command !== 'argv') {
    throw invalidValue('options.command', command, "it must be 'comm' or 'argv'")
  }
  return { header, command }
}

/**
 * Processes as `ps -ejH` prints them: pid, group, session, terminal, CPU time and command, each below its parent and
 * indented. What is not known is a question mark. Text of other processes is made harmless for a terminal: what is not
 * plain to see stands as \xNN or \u{NNNN}.
 *
 * @param entries of {@link listProcesses}, {@link children}, {@link descendants}, {@link findProcesses}, in any order
 * @param options `header: false` leaves the first line out; `command: 'argv'` shows arguments instead of the name
 * @returns lines, without a newline at the end
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 *
 * Source: `man 1 ps`.
 *
 * @example
 * console.log(formatTree(await listProcesses()))
 */
export function formatTree(entries: readonly ProcessEntry[], options: TreeOptions = {}): string {
  if (!Array.isArray(entries)) throw invalidType('entries', 'an array of ProcessEntry', entries)
  for (const entry of entries as unknown[]) {
    if (typeof (entry as Partial<ProcessEntry> | null)?.pid !== 'number')
      throw invalidType('entries', 'an array of ProcessEntry', entry)
  }
  const { header, command } = checked(options)
  const lines = header ? [lineOf(HEADER)] : []
  for (const { entry, depth } of placed(entries as readonly ProcessEntry[])) {
    const { pid, pgid, sid, tty, cpuTime: time }: Partial<ProcessEntry> = entry
    lines.push(
      lineOf({
        pid: String(pid),
        pgid: String(pgid ?? '?'),
        sid: String(sid ?? '?'),
        tty: printable(tty ?? '?'),
        time: time === undefined ? '?' : cpuTime(time),
        command: '  '.repeat(depth) + commandOf(entry, command),
      }),
    )
  }
  return lines.join('\n')
}
