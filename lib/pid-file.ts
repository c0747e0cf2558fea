/**
 * Pid files that cannot lead to the wrong process: the bare pid on line 1, for every other tool; the full reference on
 * line 2, for us.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { invalidPidFile, invalidType } from './node-errors.js'
import { ProcessRef } from './process-ref.js'
import type { Target } from './target.js'

function checkPath(path: unknown): asserts path is string {
  if (typeof path !== 'string' || path === '') throw invalidType('path', 'a path', path)
}

function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Writes a pid file atomically: a reader sees the old file or the new one, whole, also after a power failure.
 *
 * A symbolic link at `path` is replaced, never followed.
 *
 * @param path the file
 * @param target who it is about; default: this process
 * @throws NoSuchProcessError ESRCH: the target is gone
 * @throws Error what `fs` throws (ENOENT, EACCES, EISDIR, ENOSPC, ...)
 * @throws TypeError, RangeError for bad arguments
 *
 * Any kernel. Source: `man 2 rename`, `man 2 fsync`.
 *
 * @example
 * writePidFile('/run/app.pid')
 */
export function writePidFile(path: string, target: Target = process.pid): void {
  checkPath(path)
  const ref = ProcessRef.of(target)
  const directory = dirname(path)
  const temporary = join(directory, `.sigkit-${randomBytes(8).toString('hex')}.tmp`)
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644)
  try {
    try {
      writeFileSync(fd, `${ref.pid}\n${ref.toString()}\n`)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  }
  syncDirectory(directory)
}

/** A pid file has two short lines; what is longer is something else. */
const LARGEST_FILE = 4096

function readSmallFile(path: string): string {
  // O_NONBLOCK: a FIFO in its place must not hang us.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(fd).isFile()) throw invalidPidFile(path, 'it is not a regular file')
    const buffer = Buffer.alloc(LARGEST_FILE + 1)
    const length = readSync(fd, buffer)
    if (length > LARGEST_FILE) throw invalidPidFile(path, `it is longer than ${LARGEST_FILE} bytes`)
    return buffer.toString('latin1', 0, length)
  } finally {
    closeSync(fd)
  }
}

/**
 * Reads a pid file: ours, or one with a bare pid. Nobody is looked up: open the reference, or ask `liveness`.
 *
 * A file with a bare pid gives a reference without identity: opening it takes whoever has the number now.
 *
 * @param path the file
 * @throws Error code `ERR_INVALID_PID_FILE`: what is wrong, and in which line
 * @throws Error what `fs` throws (ENOENT, EACCES, ...)
 * @throws TypeError for a bad path
 *
 * Any kernel.
 *
 * @example
 * PidFd.open(readPidFile('/run/app.pid')).send('SIGHUP')
 */
export function readPidFile(path: string): ProcessRef {
  checkPath(path)
  const lines = readSmallFile(path).split('\n')
  while (lines.at(-1) === '') lines.pop()
  const [first, second] = lines
  if (first === undefined) throw invalidPidFile(path, 'it is empty')
  if (lines.length > 2) throw invalidPidFile(path, `it has ${lines.length} lines, not one or two`)
  const pid = Number(first.trim())
  if (!/^\s*\d+\s*$/.test(first)) throw invalidPidFile(path, `line 1 is ${JSON.stringify(first)}, not a pid`)
  if (pid < 1 || pid > 0x7fffffff)
    throw invalidPidFile(path, `line 1 is ${first.trim()}, which no process has`)
  if (second === undefined) return ProcessRef.bare(pid)
  let ref: ProcessRef
  try {
    ref = ProcessRef.parse(second.trim())
  } catch {
    throw invalidPidFile(path, `line 2 is ${JSON.stringify(second)}, not a process reference`)
  }
  if (ref.pid !== pid) throw invalidPidFile(path, `line 1 says ${pid} and line 2 is about ${ref.pid}`)
  return ref
}
