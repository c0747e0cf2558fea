/**
 * The commands that start a fixture. LD_PRELOAD, which carries a sanitizer's runtime for the addon, is for Node
 * alone: it reaches neither the C programs nor the wrappers.
 */
import { join } from 'node:path'
import { Program, type ProgramOptions } from './program.js'

const fixtures = join(import.meta.dirname, '..', 'fixtures')

const { LD_PRELOAD: preload, ...environment } = process.env

export const plainEnvironment: NodeJS.ProcessEnv = environment

// A sanitizer turns core dumps off for the process it lives in.
const nodeEnvironment: readonly string[] =
  preload === undefined
    ? []
    : [
        `LD_PRELOAD=${preload}`,
        `ASAN_OPTIONS=${process.env.ASAN_OPTIONS ?? ''}:disable_coredump=0`,
        `TSAN_OPTIONS=${process.env.TSAN_OPTIONS ?? ''}:disable_coredump=0`,
      ]

export function programPath(name: string): string {
  return join(fixtures, 'build', name)
}

export function fixturePath(file: string): string {
  return join(fixtures, file)
}

/** `node FILE ARGS`, to be put behind a wrapper such as setpriv. */
export function nodeCommand(
  file: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): string[] {
  const node = [process.execPath, ...flags, fixturePath(file), ...args]
  return nodeEnvironment.length === 0 ? node : ['env', ...nodeEnvironment, ...node]
}

export function startProgram(
  name: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
): Program {
  return new Program([programPath(name), ...args], { env: plainEnvironment, ...options })
}

export interface NodeOptions extends ProgramOptions {
  args?: readonly string[]
  /** Flags for Node itself. */
  flags?: readonly string[]
  /** A command prefix: setpriv, unshare, a C fixture that starts it. */
  wrapper?: readonly string[]
}

export function startNode(
  file: string,
  { args, flags, wrapper = [], ...options }: NodeOptions = {},
): Program {
  return new Program([...wrapper, ...nodeCommand(file, args, flags)], {
    ...options,
    env: { ...plainEnvironment, ...options.env },
  })
}
