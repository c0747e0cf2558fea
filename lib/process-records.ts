/** The records of native/core/process_record.h as entries. The two files agree on bits and offsets. */
import { KERNEL, kernelHas } from './features.js'
import { inBackground } from './background.js'
import { native } from './native.js'
import { foreignProc, mustBeOurProc } from './own-proc.js'
import { bootTimeNow, TICK_MS } from './proc-stat.js'
import type { Field, ProcessEntry } from './process-entry.js'
import { ProcessRef } from './process-ref.js'
import { namesOfWords } from './signal-sets.js'
import { terminalName } from './terminal-name.js'

/** ProcessFields: what is read, by what it takes to read it. */
const READ = {
  stat: 1 << 0,
  uid: 1 << 1,
  user: 1 << 2,
  exe: 1 << 3,
  argv: 1 << 4,
  cgroup: 1 << 5,
  signals: 1 << 6,
  inode: 1 << 7,
  environ: 1 << 8,
} as const

const MAY_ASK_PIDFD = 1 << 9

const SOURCE: Readonly<Record<Field, number>> = {
  pid: 0,
  ppid: READ.stat,
  pgid: READ.stat,
  sid: READ.stat,
  tty: READ.stat,
  state: READ.stat,
  comm: READ.stat,
  exe: READ.exe,
  argv: READ.argv,
  uid: READ.uid,
  user: READ.user,
  startTime: READ.stat,
  threads: READ.stat,
  rss: READ.stat,
  cpuTime: READ.stat,
  cgroup: READ.cgroup,
  signals: READ.signals,
  identity: READ.stat | READ.inode,
}

/** @internal */
export const allFields = Object.keys(SOURCE) as readonly Field[]

/**
 * What an entry is to have.
 * @internal
 */
export interface Wanted {
  readonly fields: ReadonlySet<Field>
  /** Beside the entries, not in them. */
  readonly environ: boolean
}

/** @internal */
export const everything: Wanted = { fields: new Set(allFields), environ: false }

/**
 * The bits for the native side.
 * @internal
 */
export function sourcesOf({ fields, environ }: Wanted): number {
  let bits = environ ? READ.environ : 0
  for (const field of fields) bits |= SOURCE[field]
  if (kernelHas(KERNEL.pidfdInfo)) bits |= MAY_ASK_PIDFD
  return kernelHas(KERNEL.pidfsIdentity) ? bits : bits & ~READ.inode
}

/** An entry under construction: fields come as they are found. */
type Draft = { -readonly [F in Field]?: ProcessEntry[F] }

const WIDE = 0x80000000
// ProcessText
const [EXE, ARGV, CGROUP, ENVIRON, USER, COMM] = [0, 1, 2, 3, 4, 5]
const TEXTS = 6
const FIRST_TEXT = 128

/** Decodes the records one after the other. */
class RecordReader {
  readonly #words: Uint32Array
  readonly #signed: Int32Array
  readonly #doubles: Float64Array
  readonly #longs: BigUint64Array
  readonly #bytes: Buffer
  readonly #textAt = new Float64Array(TEXTS)
  readonly #bootTime = bootTimeNow()
  readonly #wants: Readonly<Record<Field, boolean>>
  #at = 0

  constructor(
    buffer: ArrayBuffer,
    private readonly size: number,
    private readonly wanted: Wanted,
  ) {
    const whole = buffer.byteLength - (buffer.byteLength % 8)
    this.#words = new Uint32Array(buffer, 0, whole / 4)
    this.#signed = new Int32Array(buffer, 0, whole / 4)
    this.#doubles = new Float64Array(buffer, 0, whole / 8)
    this.#longs = new BigUint64Array(buffer, 0, whole / 8)
    this.#bytes = Buffer.from(buffer)
    const has = (field: Field): [Field, boolean] => [field, wanted.fields.has(field)]
    this.#wants = Object.fromEntries(allFields.map(has)) as Record<Field, boolean>
  }

  get done(): boolean {
    return this.#at >= this.size
  }

  #word(index: number): number {
    return this.#words[this.#at / 4 + index] ?? 0
  }

  #int(index: number): number {
    return this.#signed[this.#at / 4 + index] ?? 0
  }

  #double(index: number): number {
    return this.#doubles[this.#at / 8 + index] ?? 0
  }

  #locateTexts(): void {
    let at = this.#at + FIRST_TEXT
    for (let text = 0; text < TEXTS; text++) {
      this.#textAt[text] = at
      at += this.#word(10 + text) % WIDE
    }
  }

  #text(text: number): string {
    const length = this.#word(10 + text)
    const at = this.#textAt[text] ?? 0
    return length >= WIDE
      ? this.#bytes.toString('utf16le', at, at + length - WIDE)
      : this.#bytes.toString('latin1', at, at + length)
  }

  /** Each ends with a NUL, but the last one may have lost its own. */
  #texts(text: number): string[] {
    const joined = this.#text(text)
    if (joined === '') return []
    return (joined.endsWith('\0') ? joined.slice(0, -1) : joined).split('\0')
  }

  next(): { entry: ProcessEntry; environ: string[] | undefined } {
    const present = this.#word(2)
    const wants = this.#wants
    this.#locateTexts()
    const entry: Draft = { pid: this.#int(1) }
    if ((present & READ.stat) !== 0) this.#addStat(entry)
    if (wants.exe && (present & READ.exe) !== 0) entry.exe = this.#text(EXE)
    if (wants.argv && (present & READ.argv) !== 0) entry.argv = this.#texts(ARGV)
    if (wants.uid && (present & READ.uid) !== 0) entry.uid = this.#word(7)
    if (wants.user && (present & READ.user) !== 0) entry.user = this.#text(USER)
    if (wants.cgroup && (present & READ.cgroup) !== 0) entry.cgroup = this.#text(CGROUP)
    if (wants.signals && (present & READ.signals) !== 0) {
      entry.signals = {
        pending: namesOfWords(this.#word(24), this.#word(25)),
        blocked: namesOfWords(this.#word(26), this.#word(27)),
        ignored: namesOfWords(this.#word(28), this.#word(29)),
        caught: namesOfWords(this.#word(30), this.#word(31)),
      }
    }
    if (wants.identity) this.#addIdentity(entry, present)
    const environ = this.wanted.environ && (present & READ.environ) !== 0 ? this.#texts(ENVIRON) : undefined
    this.#at += this.#word(0)
    // What may not be read is absent, under hidepid even what else is always there.
    return { entry: entry as ProcessEntry, environ }
  }

  #addStat(entry: Draft): void {
    const wants = this.#wants
    if (wants.ppid) entry.ppid = this.#int(3)
    if (wants.pgid) entry.pgid = this.#int(4)
    if (wants.sid) entry.sid = this.#int(5)
    if (wants.tty) {
      const tty = terminalName(this.#word(6))
      if (tty !== undefined) entry.tty = tty
    }
    if (wants.state) entry.state = String.fromCharCode(this.#word(9)) as ProcessEntry['state']
    if (wants.comm) entry.comm = this.#text(COMM)
    if (wants.startTime) entry.startTime = this.#bootTime + this.#double(8) * TICK_MS
    if (wants.threads) entry.threads = this.#int(8)
    if (wants.rss) entry.rss = this.#double(10)
    if (wants.cpuTime) entry.cpuTime = this.#double(9) * TICK_MS
  }

  #addIdentity(entry: Draft, present: number): void {
    const pid = this.#int(1)
    if ((present & READ.inode) !== 0) {
      const value = this.#longs[this.#at / 8 + 11] ?? 0n
      entry.identity = ProcessRef.from({ pid, identity: { kind: 'inode', value } })
    } else if ((present & READ.stat) !== 0) {
      const value = BigInt(this.#double(8))
      entry.identity = ProcessRef.from({ pid, identity: { kind: 'ticks', value } })
    }
  }
}

/** @internal */
export interface Read {
  entries: ProcessEntry[]
  /** One for each entry, where they were wanted; undefined where it may not be read. */
  environs: (string[] | undefined)[]
}

function decode(buffer: ArrayBuffer, size: number, wanted: Wanted): Read {
  const reader = new RecordReader(buffer, size, wanted)
  const read: Read = { entries: [], environs: [] }
  while (!reader.done) {
    const { entry, environ } = reader.next()
    read.entries.push(entry)
    if (wanted.environ) read.environs.push(environ)
  }
  return read
}

let buffer = new Uint8Array(1 << 16)

/**
 * Reads a few, at once: those that are there. Or -errno.
 * @internal
 */
export function readNow(pids: readonly number[], wanted: Wanted): ProcessEntry[] | number {
  mustBeOurProc()
  const numbers = Int32Array.from(pids)
  for (;;) {
    const size = native.process_read(sourcesOf(wanted), numbers, numbers.length, buffer, buffer.length)
    if (size < 0) return size
    if (size <= buffer.length) return decode(buffer.buffer, size, wanted).entries
    buffer = new Uint8Array(2 * size)
  }
}

/**
 * Reads many, or all, in the background: those that are there. Or -errno.
 * @internal
 */
export function readLater(pids: readonly number[] | undefined, wanted: Wanted): Promise<Read | number> {
  const foreign = foreignProc()
  if (foreign !== undefined) return Promise.reject(foreign)
  const numbers = Int32Array.from(pids ?? [])
  const count = pids === undefined ? -1 : numbers.length
  return inBackground(
    (callback) => native.process_read_later(sourcesOf(wanted), numbers, count, callback),
    (found) => decode(found, found.byteLength, wanted),
  )
}
