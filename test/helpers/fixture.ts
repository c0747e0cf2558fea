/**
 * The commands that start a fixture. LD_PRELOAD, which carries a sanitizer's runtime for the addon, is for Node
 * alone: it reaches neither the C programs nor the wrappers.
 */
import { join } from 'node:path'
import { Program, type ProgramOptions } from './program.js'

const fixtures = join(import.meta.dirname, '..', 'fixtures')

const { LD_PRELOAD: preload, ...environment } = process.env

export const plainEnvironment: NodeJS.ProcessEnv = environment

// A sanitizer turns core dumps off for the process it lives in. Where descriptors are to run out, ThreadSanitizer
// reports nothing: a report opens files, be it of a race in V8, and so a descriptor is free again that was taken when
// the table was filled.
function nodePrefix(descriptors?: number): string[] {
  const limit = descriptors === undefined ? [] : ['prlimit', `--nofile=${descriptors}`]
  if (preload === undefined) return limit
  const silent = descriptors === undefined ? '' : ':report_bugs=0'
  return [
    ...limit,
    'env',
    `LD_PRELOAD=${preload}`,
    `ASAN_OPTIONS=${process.env.ASAN_OPTIONS ?? ''}:disable_coredump=0`,
    `TSAN_OPTIONS=${process.env.TSAN_OPTIONS ?? ''}:disable_coredump=0${silent}`,
  ]
}

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
  descriptors?: number,
): string[] {
  return [...nodePrefix(descriptors), process.execPath, ...flags, fixturePath(file), ...args]
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
  /** RLIMIT_NOFILE, soft and hard, of a process whose descriptors are to run out. */
  descriptors?: number
}

export function startNode(
  file: string,
  { args, flags, wrapper = [], descriptors, ...options }: NodeOptions = {},
): Program {
  return new Program([...wrapper, ...nodeCommand(file, args, flags, descriptors)], {
    ...options,
    env: { ...plainEnvironment, ...options.env },
  })
}
