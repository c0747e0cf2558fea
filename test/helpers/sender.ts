/** The peer that sends: test/fixtures/sender.c. */
import { plainEnvironment, programPath } from './fixture.js'
import { Program, type ProgramOptions } from './program.js'

export interface Sent {
  errno: number
  sent: number
  /** CLOCK_MONOTONIC, as process.hrtime.bigint(), before the first one. */
  at: bigint
  /** Who sent it. */
  pid: number
}

export class Sender {
  readonly program: Program
  readonly pid: number
  readonly uid: number

  private constructor(program: Program, pid: number, uid: number) {
    this.program = program
    this.pid = pid
    this.uid = uid
  }

  static async start({
    wrapper = [],
    ...options
  }: ProgramOptions & { wrapper?: readonly string[] } = {}): Promise<Sender> {
    const program = new Program([...wrapper, programPath('sender')], { env: plainEnvironment, ...options })
    const { pid, uid } = await program.next<{ pid: number; uid: number }>('ready')
    return new Sender(program, pid, uid)
  }

  /** A command as sender.c takes it; not waited for. */
  tell(...words: (string | number | bigint)[]): void {
    this.program.write(words.map(String).join(' '))
  }

  async done(what = 'what was sent'): Promise<Sent> {
    const { at, ...sent } = await this.program.next<Omit<Sent, 'at'> & { at: string }>(what)
    return { ...sent, at: BigInt(at) }
  }

  async send(...words: (string | number | bigint)[]): Promise<Sent> {
    this.tell(...words)
    const sent = await this.done(words.map(String).join(' '))
    if (sent.errno !== 0) throw new Error(`${words.map(String).join(' ')}: errno ${sent.errno}`)
    return sent
  }
}
