/** `sigkit init`, and its peers where they are installed: the same row of a table runs against each. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { within } from './deadline.js'
import { fixturePath, nodeCommand, plainEnvironment, programPath } from './fixture.js'
import { inNamespace } from './privilege.js'
import { Program, type ProgramOptions } from './program.js'
import { temporaryDirectory } from './temporary-directory.js'

export type Tool = 'sigkit' | 'tini' | 'dumb-init'

export interface InitOptions {
  /** PID 1 of a namespace (default), or a subreaper beside us. */
  subreaper?: boolean
  group?: boolean
  rewrites?: readonly string[]
  grace?: number
  /** In front of the init. */
  wrapper?: readonly string[]
  /** For Node. */
  flags?: readonly string[]
}

export const installed = (tool: Tool): boolean =>
  tool === 'sigkit' || spawnSync(tool, ['--version'], { env: plainEnvironment }).error === undefined

for (const tool of ['tini', 'dumb-init'] as const)
  if (!installed(tool)) console.log(`no ${tool}: skipping the rows that check the table itself against it`)

/** A sanitizer's runtime: for the init, and not for its command, whose exit code matters. */
export const sanitized = process.env.LD_PRELOAD !== undefined
export const NEEDS_NO_SANITIZER = '[needs a process without a sanitizer]'
const clean: readonly string[] = sanitized ? ['--require', fixturePath('no-preload.cjs')] : []

export function cli(...args: string[]): string[] {
  return nodeCommand('../../dist/cli/main.js', args, clean)
}

function toolCommand(tool: Tool, options: InitOptions, command: readonly string[]): string[] {
  const { subreaper = false, group = false, rewrites = [], grace } = options
  if (tool === 'tini')
    return ['tini', ...(subreaper ? ['-s'] : []), ...(group ? ['-g'] : []), '--', ...command]
  if (tool === 'dumb-init') {
    const rules = rewrites.flatMap((rule) => ['--rewrite', rule])
    return ['dumb-init', ...(group ? [] : ['--single-child']), ...rules, '--', ...command]
  }
  const args = [
    ...(subreaper ? ['-s'] : []),
    ...(group ? ['-g'] : []),
    ...rewrites.flatMap((rule) => ['-r', rule]),
    ...(grace === undefined ? [] : ['--grace', String(grace)]),
  ]
  const words = ['init', ...args, '--', ...command]
  return nodeCommand('../../dist/cli/main.js', words, [...clean, ...(options.flags ?? [])])
}

/** The whole command line. */
export function initCommand(tool: Tool, options: InitOptions, command: readonly string[]): string[] {
  const prefix = options.subreaper === true ? [] : inNamespace
  return [...prefix, ...(options.wrapper ?? []), ...toolCommand(tool, options, command)]
}

export interface Outcome {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Milliseconds. */
  took: number
}

/** Runs it to its end. */
export async function run(command: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  const [file = '', ...args] = command
  const start = performance.now()
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd ?? temporaryDirectory(),
    env: { ...plainEnvironment, ...options.env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('latin1').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code, signal] = (await within(once(child, 'close'), `the end of ${command.join(' ')}`)) as [
    number | null,
    NodeJS.Signals | null,
  ]
  return { code, signal, stdout, stderr, took: performance.now() - start }
}

export interface Ready {
  pid: number
  ppid: number
  pgid: number
  sid: number
  foreground: number
  blocked: string
  ignored: string
  caught: string
  fds: number[]
}

export interface Arrival {
  signo: number
  code: number
  pid: number
  value: string
}

/** The only child of a process. */
export function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim())
}

/** An init over test/fixtures/witness.c, or over any program that begins with a line of JSON. */
export class Watched {
  readonly program: Program
  /** The init, as we see it. */
  readonly pid: number
  readonly ready: Ready

  private constructor(program: Program, pid: number, ready: Ready) {
    this.program = program
    this.pid = pid
    this.ready = ready
  }

  static async start(
    options: InitOptions = {},
    command: readonly string[] = [programPath('witness')],
    tool: Tool = 'sigkit',
  ): Promise<Watched> {
    const program = new Program(initCommand(tool, options, command), { env: plainEnvironment })
    const ready = await program.next<Ready>('the command to be ready')
    return new Watched(program, options.subreaper === true ? program.pid : childOf(program.pid), ready)
  }

  /** The next signal that the witness saw. */
  arrival(what = 'a signal'): Promise<Arrival> {
    return this.program.next<Arrival>(what)
  }
}
