/** A process that is not our child, and whose parent reaps it when told: test/fixtures/keeper.c around ends.c. */
import { programPath, startProgram } from './fixture.js'
import type { Program } from './program.js'

interface Ready {
  pid: number
  /** Whether it may dump a core. */
  core: boolean
}

export class Keeper {
  readonly program: Program
  /** The kept process. */
  readonly pid: number
  readonly core: boolean

  private constructor(program: Program, { pid, core }: Ready) {
    this.program = program
    this.pid = pid
    this.core = core
  }

  /**
   * @param how as ends.c takes it: 'exit', '7'
   * @param options `ignoreSigchld`: the parent ignores SIGCHLD. `wrapper`: setpriv, for a process of another user.
   */
  static async start(
    how: readonly string[],
    options: { ignoreSigchld?: boolean; wrapper?: readonly string[] } = {},
  ): Promise<Keeper> {
    const flags = options.ignoreSigchld === true ? ['--ignore'] : []
    const program = startProgram('keeper', [
      ...flags,
      ...(options.wrapper ?? []),
      programPath('ends'),
      ...how,
    ])
    return new Keeper(program, await program.next<Ready>('the kept process'))
  }

  /** A byte of input: what `ends exec` waits for. Done when the new program is ready. */
  async poke(): Promise<void> {
    this.program.write('poke')
    await this.program.next('the kept process after its exec')
  }

  /** Ends it. A zombie from then on, or soon after. */
  end(): void {
    this.program.write('end')
  }

  /** Reaps it, waiting for its end: the raw wait status. */
  async reap(): Promise<number> {
    this.program.write('reap')
    return (await this.program.next<{ status: number }>('the reap')).status
  }
}
