/** A Node process that watches others: test/fixtures/watcher.mjs. */
import type { Exit } from 'sigkit'
import { startNode, type NodeOptions } from './fixture.js'
import type { Program } from './program.js'

type Line = Record<string, unknown>

export interface Told {
  exit?: Exit
  error?: { name: string; message: string; code: string }
}

export class Watcher {
  readonly program: Program
  /** Lines that came before they were asked for. */
  readonly #early: Line[] = []

  private constructor(program: Program) {
    this.program = program
  }

  static async start(options: NodeOptions = {}): Promise<Watcher> {
    const watcher = new Watcher(startNode('watcher.mjs', options))
    await watcher.line({ ready: true })
    return watcher
  }

  /** The first line, read already or still to come, that has these fields; undefined stands for any value. */
  async line<T>(fields: Line): Promise<T> {
    const fits = (line: Line): boolean =>
      Object.entries(fields).every(([name, value]) =>
        value === undefined ? name in line : line[name] === value,
      )
    const index = this.#early.findIndex(fits)
    if (index >= 0) return this.#early.splice(index, 1)[0] as T
    for (;;) {
      const line = await this.program.next<Line>(JSON.stringify(Object.keys(fields)))
      if (fits(line)) return line as T
      this.#early.push(line)
    }
  }

  #request(request: Line): void {
    this.program.write(JSON.stringify(request))
  }

  /** Starts `ends HOW` as a child of the watcher, which opens it in the same turn. */
  async spawn(how: readonly string[]): Promise<number> {
    this.#request({ spawn: ['ends', ...how] })
    const { spawned } = await this.line<{ spawned: number }>({ spawned: undefined })
    await this.line({ ready: true, pid: spawned })
    return spawned
  }

  finish(pid: number): void {
    this.#request({ finish: pid })
  }

  async open(pid: number): Promise<void> {
    this.#request({ open: pid })
    await this.line({ opened: pid })
  }

  /** Asks; the question is pending, or answered, when this is done. */
  async ask(question: 'exited' | 'status', pid: number, options?: { timeout: number }): Promise<void> {
    this.#request({ ask: question, pid, options })
    await this.line({ asked: question, pid })
  }

  async told(question: 'exited' | 'status', pid: number): Promise<Told> {
    return this.line<Told>({ told: question, pid })
  }

  /** Whether the question has not been answered: what was told before is before this in the output. */
  async isPending(question: 'exited' | 'status', pid: number): Promise<boolean> {
    await this.state(pid)
    return !this.#early.some((line) => line.told === question && line.pid === pid)
  }

  async state(pid: number): Promise<string> {
    this.#request({ state: pid })
    return (await this.line<{ state: string }>({ state: undefined })).state
  }

  /** What Node's own 'exit' event said. */
  async ended(pid: number): Promise<{ code: number | null; signal: string | null }> {
    const { code, signal } = await this.line<{ code: number | null; signal: string | null }>({ ended: pid })
    return { code, signal }
  }

  /** The part of one CPU that the watcher used while it did nothing but wait. */
  async load(milliseconds: number): Promise<number> {
    this.#request({ idle: milliseconds })
    return (await this.line<{ cpu: number }>({ idled: milliseconds })).cpu / milliseconds
  }
}
