/** A Node process that calls sigkit for a test: test/fixtures/caller.mjs. */
import { startNode, type NodeOptions } from './fixture.js'
import type { Program } from './program.js'

type Module = 'sigkit' | 'sigkit/syscalls'

export interface Answer {
  value?: unknown
  error?: {
    name: string
    message: string
    code: string
    errno: number
    syscall: string
    pid?: number
    signal?: string
    info?: { pgid?: number; tid?: number }
  }
}

export class Caller {
  readonly program: Program
  /** Its pid as it sees itself: 1 in a namespace. */
  readonly pid: number

  private constructor(program: Program, pid: number) {
    this.program = program
    this.pid = pid
  }

  static async start(options: NodeOptions = {}): Promise<Caller> {
    const program = startNode('caller.mjs', options)
    const { pid } = await program.next<{ pid: number }>('ready')
    return new Caller(program, pid)
  }

  /** Asks only; for a call that may not return. */
  ask(module: Module, name: string, ...args: unknown[]): void {
    const encoded = args.map((value) => (typeof value === 'bigint' ? { bigint: String(value) } : value))
    this.program.write(JSON.stringify({ module, name, args: encoded }))
  }

  async call(module: Module, name: string, ...args: unknown[]): Promise<Answer> {
    this.ask(module, name, ...args)
    return this.program.next<Answer>(`the answer to ${name}(${args.map(String).join(', ')})`)
  }

  async listen(signal: string): Promise<void> {
    this.program.write(JSON.stringify({ listen: signal }))
    await this.program.next('listening')
  }
}
