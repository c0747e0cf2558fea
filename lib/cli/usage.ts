/** What every command shares: how it fails, and how it reads its options. */
import { writeSync } from 'node:fs'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { native, supported } from '../native.js'

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

const { SIG_BLOCK = 0, SIG_SETMASK = 2, SIGTTOU = 22 } = native.constants

/**
 * With SIGTTOU blocked. From behind a terminal with `stty tostop` a write raises it, and where it is handled the write
 * begins again, for ever; blocked, it goes through.
 */
function write(fd: number, text: string): void {
  const mask = BigInt64Array.of(supported ? 1n << BigInt(SIGTTOU - 1) : 0n)
  try {
    if (supported) native.sigprocmask(SIG_BLOCK, mask)
    writeSync(fd, text)
  } catch {
    // Nobody reads it: that must not decide how the command ends.
  } finally {
    if (supported) native.sigprocmask(SIG_SETMASK, mask)
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
