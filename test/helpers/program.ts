/** A real process that speaks JSON lines on stdout, and ends with the test that started it. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { within } from './deadline.js'
import { temporaryDirectory } from './temporary-directory.js'

export interface ProgramOptions {
  /** A session and process group of its own. */
  detached?: boolean
  /** Default: a temporary directory, so that a core dump does not litter. */
  cwd?: string
  env?: NodeJS.ProcessEnv
}

export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
}

export class Program {
  readonly pid: number
  /** What it wrote on stderr so far. */
  stderr = ''
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #lines: AsyncIterator<string>
  readonly #closed: Promise<unknown[]>
  readonly #name: string

  constructor(command: readonly string[], options: ProgramOptions = {}) {
    const [file = '', ...args] = command
    this.#name = command.join(' ')
    this.#child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: options.detached ?? false,
      cwd: options.cwd ?? temporaryDirectory(),
      env: options.env ?? process.env,
    })
    if (this.#child.pid === undefined) throw new Error(`could not start ${this.#name}`)
    this.pid = this.#child.pid
    this.#child.stdin.on('error', () => undefined) // it may end first: its ending is what the test looks at
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#closed = once(this.#child, 'close')
    onTestFinished(() => this.stop())
  }

  /** The next line on stdout, parsed. */

  async next<T = Record<string, unknown>>(what = 'a line'): Promise<T> {
    const line = await within(this.#lines.next(), `${what} from ${this.#name}`)
    if (line.done === true) throw new Error(`${this.#name} ended before ${what}\n${this.stderr}`)
    try {
      return JSON.parse(line.value) as T
    } catch {
      throw new Error(`${this.#name} wrote ${line.value}\n${this.stderr}`)
    }
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  endInput(): void {
    this.#child.stdin.end()
  }

  async ended(): Promise<Ending> {
    const [code, signal] = await within(this.#closed, `the end of ${this.#name}`)
    return { code, signal } as Ending
  }

  /** All the lines until its end, parsed, and how it ended. */
  async report(): Promise<{ lines: unknown[]; ending: Ending }> {
    const lines: unknown[] = []
    for (;;) {
      const line = await within(this.#lines.next(), `the report of ${this.#name}`)
      if (line.done === true) break
      try {
        lines.push(JSON.parse(line.value))
      } catch {
        throw new Error(`${this.#name} wrote ${line.value}\n${this.stderr}`)
      }
    }
    return { lines, ending: await this.ended() }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await within(exited, `${this.#name} to die by SIGKILL`)
  }
}
