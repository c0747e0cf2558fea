/** The peer that sees what was really sent: test/fixtures/receiver.c. */
import { startProgram } from './fixture.js'
import type { Program, ProgramOptions } from './program.js'

export interface Received {
  signo: number
  code: number
  pid: number
  uid: number
  /** si_value, all 64 bits, as an unsigned number. */
  value: bigint
  int: number
  /** How many bytes after si_value are not zero. */
  rest: number
}

export interface ReceiverOptions extends ProgramOptions {
  /** RLIMIT_SIGPENDING of the receiver. */
  sigpending?: number
}

export class Receiver {
  readonly program: Program
  readonly pid: number
  /** A second thread, which only waits. */
  readonly tid: number

  private constructor(program: Program, tid: number) {
    this.program = program
    this.pid = program.pid
    this.tid = tid
  }

  static async start({ sigpending, ...options }: ReceiverOptions = {}): Promise<Receiver> {
    const program = startProgram('receiver', sigpending === undefined ? [] : [String(sigpending)], options)
    const { tid } = await program.next<{ tid: number }>('ready')
    return new Receiver(program, tid)
  }

  /** Everything that is pending now, in the kernel's order. */
  async drain(): Promise<Received[]> {
    this.program.write('drain')
    const { signals } = await this.program.next<{ signals: (Omit<Received, 'value'> & { value: string })[] }>(
      'what was pending',
    )
    return signals.map((signal) => ({ ...signal, value: BigInt(signal.value) }))
  }
}
