/** Something to terminate (test/fixtures/target.c), with a handle on everybody in it, so that nobody outlives the test. */
import { readFileSync } from 'node:fs'
import { PidFd } from 'sigkit'
import { onTestFinished } from 'vitest'
import { startProgram } from './fixture.js'
import type { Program, ProgramOptions } from './program.js'

export class TargetProgram {
  readonly program: Program
  readonly pid: number
  /** Everybody else that it made, in no order. */
  readonly others: readonly number[]
  readonly #handles: PidFd[]

  private constructor(program: Program, others: readonly number[]) {
    this.program = program
    this.pid = program.pid
    this.others = others
    this.#handles = [program.pid, ...others].map((pid) => PidFd.open(pid))
    onTestFinished(() => {
      for (const handle of this.#handles) {
        handle.trySend('SIGKILL')
        handle.close()
      }
    })
  }

  /** @param words as target.c takes them. In a session of its own unless `detached` is false. */
  static async start(words: string, options: ProgramOptions = {}): Promise<TargetProgram> {
    const args = words === '' ? [] : words.split(' ')
    const program = startProgram('target', args, { detached: true, ...options })
    const { others } = await program.next<{ others: number[] }>('the target')
    return new TargetProgram(program, others)
  }

  get all(): number[] {
    return [this.pid, ...this.others]
  }

  /** Who lives. */
  get living(): number[] {
    return this.#handles.filter((handle) => handle.state() === 'alive').map(({ pid }) => pid)
  }

  /** Who is stopped. */
  get stopped(): number[] {
    return this.living.filter((pid) => /\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')))
  }
}
