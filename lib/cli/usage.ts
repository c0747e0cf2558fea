/** What every command shares: how it fails, and how it reads its options. */
import { writeSync } from 'node:fs'
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** Exit codes of the command, as api.md has them; 126 and 127 are the shell's. */
export const exitCode = { done: 0, usage: 2, cannotRun: 126, notFound: 127 } as const

/** The command line is wrong: printed with a hint at --help, exit code 2. */
export class UsageError extends Error {}

/** The command cannot go on: printed, with this exit code. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(message: string, code: number) {
    super(message)
    this.exitCode = code
  }
}

/** One subcommand: a file of this folder, loaded when it is asked for. */
export interface Command {
  /** For --help, from the second line of the synopsis on. */
  readonly usage: string
  /** The exit code. */
  run(args: string[]): number | Promise<number>
}

function write(fd: number, text: string): void {
  try {
    writeSync(fd, text)
  } catch {
    // Nobody reads it: that must not decide how the command ends.
  }
}

// Not process.stdout and process.stderr: they make a pipe non-blocking, for everybody who has it open.
export function print(text: string): void {
  write(1, `${text}\n`)
}

export function complain(message: string): void {
  write(2, `sigkit: ${message}\n`)
}

/** As parseArgs, with its complaints as usage errors. */
export function parseOptions<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code?.startsWith('ERR_PARSE_ARGS_') !== true) throw error
    // What follows is a hint that is longer than the usage.
    throw new UsageError(message.split(/\.\s/)[0] ?? message)
  }
}
