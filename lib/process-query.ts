/**
 * What a query asks, checked and turned into questions to one entry each. An empty answer to a lost variable (`''`, an
 * empty object, a misspelt key) would be every process, so all of these are refused.
 */
import { basename } from 'node:path'
import { types } from 'node:util'
import { invalidType, invalidValue, outOfRange } from './node-errors.js'
import type { Port } from './port-holders.js'
import type { Field, ProcessEntry } from './process-entry.js'
import { signalName, signalNumber, type Signal } from './signals.js'
import type { Target } from './target.js'

/** What {@link findProcesses} looks for: all of it must hold. */
export interface ProcessQuery {
  /** The comm, or the base name of the executable or of argv[0]. A string is looked for within it. */
  name?: string | RegExp | undefined
  /** `name` and `cmdline` must match as a whole. Default: false. */
  exact?: boolean | undefined
  /** The arguments, joined by spaces. A string is looked for within them. */
  cmdline?: string | RegExp | undefined
  /** The path of the executable, or without a slash its base name. */
  exe?: string | undefined
  /** The effective user: a name, or a uid. */
  user?: string | number | undefined
  /** The parent. */
  parent?: Target | undefined
  /** The process group. */
  pgid?: number | undefined
  /** The session. */
  sid?: number | undefined
  /** The controlling terminal: `pts/0`, or its path. */
  tty?: string | undefined
  /** A local port, tcp and udp unless said: holds a TCP socket that listens there, or a UDP socket bound to it. */
  port?: number | { readonly port: number; readonly protocol: 'tcp' | 'udp' } | undefined
  /** One of these letters: `Z`, `DT`. */
  state?: string | undefined
  /** Older than this many ms. */
  olderThan?: number | undefined
  /** Younger than this many ms. */
  newerThan?: number | undefined
  /** In this cgroup (v2) or below. */
  cgroup?: string | undefined
  /** Has these environment variables, as they were when its program started: a value, or true for any. */
  environ?: Readonly<Record<string, string | true>> | undefined
  /** Has a handler for this signal. */
  hasHandler?: Signal | undefined
  /** Lets the own process match too. Its ancestors never do. Default: false. */
  includeSelf?: boolean | undefined
}

/** A process under question. Under hidepid any field may be absent. */
interface Subject {
  readonly entry: Partial<ProcessEntry>
  readonly environ: readonly string[] | undefined
  /** Of the clock that dates their start. */
  readonly now: number
}

interface Criterion {
  readonly fields: readonly Field[]
  test(subject: Subject): boolean
}

/** @internal */
export interface CompiledQuery {
  readonly fields: ReadonlySet<Field>
  readonly environ: boolean
  readonly includeSelf: boolean
  readonly parent: Target | undefined
  readonly port: Port | undefined
  /** All but parent and port, which take more than an entry. */
  matches(subject: Subject): boolean
}

function text(value: unknown, key: string): string {
  if (typeof value !== 'string') throw invalidType(`query.${key}`, 'a string', value)
  if (value === '') throw invalidValue(`query.${key}`, value, 'an empty string would match everything')
  return value
}

function natural(value: unknown, key: string, least: number, most: number): number {
  if (typeof value !== 'number') throw invalidType(`query.${key}`, 'a number', value)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(`query.${key}`, `an integer of ${least} to ${most}`, value)
  }
  return value
}

function duration(value: unknown, key: string): number {
  if (typeof value !== 'number') throw invalidType(`query.${key}`, 'a number of milliseconds', value)
  if (!(value >= 0)) throw outOfRange(`query.${key}`, '>= 0 milliseconds', value)
  return value
}

/**
 * A copy: the caller's own may be of a class of its own, and with the flags g and y it remembers where it was. Sticky
 * means at the beginning.
 */
function pattern(regex: RegExp, exact: boolean): (candidate: string) => boolean {
  const { source, flags } = regex
  const copy = new RegExp(exact ? `(?<![^])(?:${source})(?![^])` : source, flags)
  return (candidate) => {
    copy.lastIndex = 0
    return copy.test(candidate)
  }
}

function matcher(value: unknown, key: string, exact: boolean): (candidate: string) => boolean {
  if (types.isRegExp(value)) {
    if (value.source === '(?:)')
      throw invalidValue(`query.${key}`, value, 'an empty pattern matches everything')
    return pattern(value, exact)
  }
  if (typeof value !== 'string') throw invalidType(`query.${key}`, 'a string or a RegExp', value)
  const wanted = text(value, key)
  return exact ? (candidate) => candidate === wanted : (candidate) => candidate.includes(wanted)
}

/** The arguments as one line, without empty ones at the end: setproctitle leaves these behind. */
function commandLine(argv: readonly string[] | undefined): string | undefined {
  const last = argv?.findLastIndex((argument) => argument !== '') ?? -1
  return last < 0 ? undefined : argv?.slice(0, last + 1).join(' ')
}

function environOf(value: unknown): Criterion {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidType('query.environ', 'an object of variables', value)
  }
  for (const name in value) {
    if (!Object.hasOwn(value, name)) {
      throw invalidType('query.environ', 'a plain object: only its own variables count. Use { ... }', value)
    }
  }
  const wanted = Object.entries(value)
  if (wanted.length === 0) throw invalidValue('query.environ', value, 'it names no variable')
  for (const [name, content] of wanted) {
    if (name === '' || name.includes('='))
      throw invalidValue('query.environ', name, 'no variable has that name')
    if (content !== true && typeof content !== 'string') {
      throw invalidType(`query.environ.${name}`, 'a string, or true for any value', content)
    }
  }
  return {
    fields: [],
    test: ({ environ = [] }) =>
      wanted.every(([name, content]) =>
        content === true
          ? environ.some((variable) => variable.startsWith(`${name}=`))
          : environ.includes(`${name}=${String(content)}`),
      ),
  }
}

const STATES = 'RSDZTtXI'

function stateOf(value: unknown): Criterion {
  const letters = text(value, 'state')
  for (const letter of letters) {
    if (!STATES.includes(letter)) {
      throw invalidValue('query.state', value, `it must be letters of ${STATES}, any of which may hold`)
    }
  }
  return { fields: ['state'], test: ({ entry: { state } }) => state !== undefined && letters.includes(state) }
}

function userOf(value: unknown): Criterion {
  if (typeof value === 'number') {
    const uid = natural(value, 'user', 0, 0xfffffffe)
    return { fields: ['uid'], test: ({ entry }) => entry.uid === uid }
  }
  if (typeof value !== 'string') throw invalidType('query.user', 'a name or a uid', value)
  const name = text(value, 'user')
  // A name first, as for all tools: users may be called 1000.
  const uid = /^\d{1,10}$/.test(name) ? Number(name) : undefined
  return {
    fields: ['user', 'uid'],
    test: ({ entry }) => entry.user === name || (uid !== undefined && entry.uid === uid),
  }
}

function cgroupOf(value: unknown): Criterion {
  const path = text(value, 'cgroup')
  if (!path.startsWith('/')) {
    throw invalidValue('query.cgroup', value, 'it must be a path of cgroup v2 that begins with a slash')
  }
  const trimmed = path.replace(/\/+$/, '')
  return {
    fields: ['cgroup'],
    test: ({ entry: { cgroup } }) =>
      cgroup !== undefined && (cgroup === trimmed || cgroup.startsWith(`${trimmed}/`)),
  }
}

function exeOf(value: unknown): Criterion {
  const path = text(value, 'exe')
  const whole = path.includes('/')
  return {
    fields: ['exe'],
    test: ({ entry: { exe } }) => exe !== undefined && (whole ? exe : basename(exe)) === path,
  }
}

function portOf(value: unknown): Port {
  if (typeof value === 'number') return { port: natural(value, 'port', 1, 65_535), tcp: true, udp: true }
  if (typeof value !== 'object' || value === null) {
    throw invalidType('query.port', 'a number or an object { port, protocol }', value)
  }
  const { port, protocol } = value as { port?: unknown; protocol?: unknown }
  if (protocol !== 'tcp' && protocol !== 'udp') {
    throw invalidValue('query.port.protocol', protocol, "it must be 'tcp' or 'udp'")
  }
  return { port: natural(port, 'port.port', 1, 65_535), tcp: protocol === 'tcp', udp: protocol === 'udp' }
}

/** Each key with its question. Those without one here are about more than an entry, or no question. */
const criteria: {
  readonly [K in keyof ProcessQuery]-?: ((value: unknown, exact: boolean) => Criterion) | undefined
} = {
  exact: undefined,
  includeSelf: undefined,
  parent: undefined,
  port: undefined,
  name(value, exact) {
    const matches = matcher(value, 'name', exact)
    return {
      fields: ['comm', 'exe', 'argv'],
      test({ entry: { comm, exe, argv } }) {
        const [first] = argv ?? []
        const names = [comm, exe && basename(exe), first && basename(first)]
        return names.some((name) => name !== undefined && matches(name))
      },
    }
  },
  cmdline(value, exact) {
    const matches = matcher(value, 'cmdline', exact)
    return {
      fields: ['argv'],
      test({ entry }) {
        const line = commandLine(entry.argv)
        return line !== undefined && matches(line)
      },
    }
  },
  exe: exeOf,
  user: userOf,
  pgid(value) {
    const pgid = natural(value, 'pgid', 0, 0x7fffffff)
    return { fields: ['pgid'], test: ({ entry }) => entry.pgid === pgid }
  },
  sid(value) {
    const sid = natural(value, 'sid', 0, 0x7fffffff)
    return { fields: ['sid'], test: ({ entry }) => entry.sid === sid }
  },
  tty(value) {
    const tty = text(value, 'tty').replace(/^\/dev\//, '')
    if (tty === '') throw invalidValue('query.tty', value, 'it names no terminal')
    return { fields: ['tty'], test: ({ entry }) => entry.tty === tty }
  },
  state: stateOf,
  olderThan(value) {
    const age = duration(value, 'olderThan')
    return { fields: ['startTime'], test: ({ entry, now }) => now - (entry.startTime ?? NaN) > age }
  },
  newerThan(value) {
    const age = duration(value, 'newerThan')
    if (age === Infinity) throw outOfRange('query.newerThan', 'finite: everything is newer than that', value)
    return { fields: ['startTime'], test: ({ entry, now }) => now - (entry.startTime ?? NaN) < age }
  },
  cgroup: cgroupOf,
  environ: environOf,
  hasHandler(value) {
    const name = signalName(signalNumber(value as Signal))
    return { fields: ['signals'], test: ({ entry }) => entry.signals?.caught.includes(name) === true }
  },
}

function flag(value: unknown, key: string): boolean {
  if (value === undefined) return false
  if (typeof value !== 'boolean') throw invalidType(`query.${key}`, 'a boolean', value)
  return value
}

/**
 * What an object has of its own, each value read once. Inherited criteria would be lost, and without them the query is
 * broader than it looks.
 */
function ownCriteria(query: object): ProcessQuery {
  const above = Object.getPrototypeOf(query) as object | null
  // That of another realm too.
  const isPlain =
    above === null || (Object.getPrototypeOf(above) === null && Object.hasOwn(above, 'isPrototypeOf'))
  if (!isPlain) {
    const expected = 'a plain object: only its own criteria count. Put them all into { ... }'
    throw invalidType('query', expected, query)
  }
  const own: Record<string, unknown> = {}
  for (const key of Reflect.ownKeys(query)) {
    if (typeof key !== 'string' || !Object.hasOwn(criteria, key)) {
      throw invalidValue('query', key, `a criterion is one of ${Object.keys(criteria).join(', ')}`)
    }
    own[key] = (query as Record<string, unknown>)[key]
  }
  return own
}

/** @internal */
export function compileQuery(query: ProcessQuery): CompiledQuery {
  if (typeof query !== 'object' || (query as unknown) === null || Array.isArray(query)) {
    throw invalidType('query', 'an object of criteria', query)
  }
  const own = ownCriteria(query)
  const exact = flag(own.exact, 'exact')
  const includeSelf = flag(own.includeSelf, 'includeSelf')
  const asked: Criterion[] = []
  for (const [key, value] of Object.entries(own) as [keyof ProcessQuery, unknown][]) {
    const criterion = value === undefined ? undefined : criteria[key]?.(value, exact)
    if (criterion !== undefined) asked.push(criterion)
  }
  const port = own.port === undefined ? undefined : portOf(own.port)
  if (asked.length === 0 && port === undefined && own.parent === undefined) {
    throw invalidValue('query', query, 'it has no criterion, which would match everything')
  }
  return {
    fields: new Set<Field>(['pid', 'ppid', ...asked.flatMap(({ fields }) => fields)]),
    environ: own.environ !== undefined,
    includeSelf,
    parent: own.parent,
    port,
    matches: (subject) => asked.every((criterion) => criterion.test(subject)),
  }
}
