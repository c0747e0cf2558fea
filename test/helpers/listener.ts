/** A Node process that subscribes, and says what it gets: test/fixtures/listener.mjs. */
import { readFileSync } from 'node:fs'
import type { Signal, SignalEvent, SubscribeOptions } from 'sigkit'
import { blockUntil } from './deadline.js'
import { startNode, type NodeOptions } from './fixture.js'
import { Program } from './program.js'

/** What was a bigint before it went through JSON is one again. */
export function withBigInts(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withBigInts)
  const entries = Object.entries(value)
  if (entries.length === 1 && entries[0]?.[0] === 'bigint') return BigInt(String(entries[0][1]))
  return Object.fromEntries(entries.map(([key, of]) => [key, withBigInts(of)]))
}

export interface ListenerOptions extends NodeOptions {
  subscribe?: SubscribeOptions
  library?: string
}

export class Listener {
  readonly program: Program
  /** As it sees itself: 1 in a namespace. */
  readonly pid: number

  private constructor(program: Program, pid: number) {
    this.program = program
    this.pid = pid
  }

  static async start(
    signals: Signal | readonly Signal[],
    { subscribe, library, ...options }: ListenerOptions = {},
  ): Promise<Listener> {
    const program = startNode('listener.mjs', {
      ...options,
      args: [
        JSON.stringify(signals),
        JSON.stringify(subscribe ?? {}),
        ...(library === undefined ? [] : [library]),
      ],
    })
    const { pid } = await program.next<{ pid: number }>('ready')
    return new Listener(program, pid)
  }

  async event(what = 'an event'): Promise<SignalEvent> {
    const { event } = await this.program.next(what)
    return withBigInts(event) as SignalEvent
  }

  load(source: string): void {
    this.program.write(`load ${source}`)
  }
}

/** The one child of a wrapper such as unshare, by its number out here. */
export function childOf(pid: number): number {
  let child = NaN
  blockUntil(() => {
    child = Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10)
    return child > 0
  }, `a child of ${pid}`)
  return child
}
