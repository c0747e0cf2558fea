/** A child of the test itself, by child_process, with a handle opened in the turn that spawned it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { PidFd } from 'sigkit'
import { onTestFinished } from 'vitest'
import { blockUntil, within } from './deadline.js'
import { plainEnvironment, programPath } from './fixture.js'
import { stateOf } from './process-status.js'
import { temporaryDirectory } from './temporary-directory.js'

export class OwnChild {
  readonly child: ChildProcess
  readonly pid: number
  readonly handle: PidFd
  /** What Node's own 'exit' event said. */
  readonly nodeExit: Promise<unknown[]>
  /** Whether it may dump a core. */
  core = false

  private constructor(child: ChildProcess, pid: number) {
    this.child = child
    this.pid = pid
    this.handle = PidFd.open(child)
    this.nodeExit = within(once(child, 'exit'), `Node's 'exit' event of ${pid}`)
    this.nodeExit.catch(() => undefined) // only a test that waits for it hears of it
  }

  /** `how` as ends.c takes it: 'exit', '7'. */
  static async start(...how: string[]): Promise<OwnChild> {
    const child = spawn(programPath('ends'), how, {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: temporaryDirectory(),
      env: plainEnvironment,
    })
    if (child.pid === undefined) throw new Error('could not start ends')
    const own = new OwnChild(child, child.pid)
    onTestFinished(() => {
      own.handle.close()
      child.kill('SIGKILL')
    })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const line = await within(lines.next(), `ends ${how.join(' ')} to be ready`)
    own.core = (JSON.parse(String(line.value)) as { core: boolean }).core
    return own
  }

  end(): void {
    this.child.stdin?.end()
  }

  /** A byte of input. */
  poke(): void {
    this.child.stdin?.write('x')
  }

  /** Kills it, and has it stay a zombie for the rest of this turn: libuv reaps only from its loop. */
  becomeZombie(): void {
    this.child.kill('SIGKILL')
    blockUntil(() => stateOf(this.pid) === 'Z', `${this.pid} to be a zombie`)
  }
}
