/** Starts the command of `sigkit init`. */
import { existsSync, readFileSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { native } from '../../native.js'
import { CommandError, exitCode } from '../usage.js'

/** 'ENOENT: no such file or directory' */
export function errnoText(result: number): string {
  const [name, text] = getSystemErrorMap().get(result) ?? ['', `error ${-result}`]
  return `${name}: ${text}`
}

const REPLACEMENT = '\ufffd'

/**
 * The bytes of the last `count` arguments of this process. Node has made strings of them, and bytes that are no UTF-8
 * are lost there: then, and only then, /proc is asked.
 */
function argumentBytes(args: readonly string[]): Buffer {
  const plain = Buffer.from(args.map((argument) => `${argument}\0`).join(''))
  if (!args.some((argument) => argument.includes(REPLACEMENT))) return plain
  try {
    const all = readFileSync('/proc/self/cmdline')
    let start = all.length - 1
    for (let left = args.length; left > 0; left--) start = all.lastIndexOf(0, start - 1)
    const raw = all.subarray(start + 1)
    return raw.toString() === plain.toString() ? raw : plain
  } catch {
    return plain
  }
}

const { ENOENT, ENOTDIR } = Object.fromEntries(
  [...getSystemErrorMap()].map(([number, [name]]) => [name, number]),
)

function failure(file: string, result: number): CommandError {
  if (result !== ENOENT && result !== ENOTDIR)
    return new CommandError(`cannot run '${file}': ${errnoText(result)}`, exitCode.cannotRun)
  const interpreter =
    file.includes('/') && existsSync(file) ? ' (the file is there: its interpreter is not)' : ''
  return new CommandError(`cannot find '${file}': ${errnoText(result)}${interpreter}`, exitCode.notFound)
}

/**
 * execvp(3) in a child that leads its own process group, with no signal blocked and every one at its default.
 *
 * @param terminal an fd of the terminal whose foreground the group becomes, or -1
 * @returns its pid; a failure is a CommandError with the shell's 126 or 127
 */
export function spawnCommand(command: readonly string[], terminal: number): number {
  const bytes = argumentBytes(command)
  const pid = native.spawn(bytes, bytes.length, terminal)
  if (pid < 0) throw failure(command[0] ?? '', pid)
  return pid
}
