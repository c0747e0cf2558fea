/** Pid files: written whole or not at all, read with a precise word on what is wrong. Recycled pids: reuse.test.ts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { liveness, PidFd, ProcessRef, readPidFile, writePidFile } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { Caller } from './helpers/caller.js'
import { within } from './helpers/deadline.js'
import { plainEnvironment, startNode, startProgram } from './helpers/fixture.js'
import { asNobody } from './helpers/privilege.js'
import { Receiver } from './helpers/receiver.js'
import { output } from './helpers/shell.js'
import { temporaryDirectory } from './helpers/temporary-directory.js'
import { thrown } from './helpers/thrown.js'

const contentFor = (pid: number): string => `${pid}\n${ProcessRef.of(pid).toString()}\n`

function place(): { directory: string; path: string } {
  const directory = temporaryDirectory()
  return { directory, path: join(directory, 'app.pid') }
}

describe('writePidFile', () => {
  test('writes the bare pid on line 1 and the full reference on line 2; default: this process', () => {
    const { directory, path } = place()
    writePidFile(path)
    expect(readFileSync(path, 'utf8')).toBe(contentFor(process.pid))
    expect(readdirSync(directory)).toEqual(['app.pid'])
    writePidFile(path, undefined)
    expect(readFileSync(path, 'utf8')).toBe(contentFor(process.pid))
  })

  test('takes every kind of target', async () => {
    const { path } = place()
    const { pid } = await Receiver.start()
    using handle = PidFd.open(pid)
    for (const target of [
      pid,
      { pid },
      handle,
      handle.identity,
      ProcessRef.parse(ProcessRef.of(pid).toString()),
    ]) {
      writePidFile(path, target)
      expect(readFileSync(path, 'utf8')).toBe(contentFor(pid))
    }
  })

  test('other tools read it: pgrep -F', async () => {
    const { path } = place()
    const { pid } = await Receiver.start()
    writePidFile(path, pid)
    expect(output('pgrep', '-F', path)).toBe(`${pid}\n`)
    expect(output('head', '-1', path)).toBe(`${pid}\n`)
  })

  test('replaces: who has the old file open keeps the old content', async () => {
    const { directory, path } = place()
    const { pid } = await Receiver.start()
    writePidFile(path)
    const old = openSync(path, 'r')
    writePidFile(path, pid)
    expect(readFileSync(old, 'utf8')).toBe(contentFor(process.pid))
    expect(readFileSync(path, 'utf8')).toBe(contentFor(pid))
    closeSync(old)
    expect(readdirSync(directory)).toEqual(['app.pid'])
  })

  test('a reader sees one whole file or the other, at any time', async () => {
    const { path } = place()
    const [first, second] = [await Receiver.start(), await Receiver.start()]
    const whole = new Set([contentFor(first.pid), contentFor(second.pid)])
    writePidFile(path, first.pid)
    const writer = startNode('pid-file-writer.mjs', { args: [path, String(first.pid), String(second.pid)] })
    const done = { yet: false }
    const written = writer.next<{ rounds: number }>('three hundred writes').then(({ rounds }) => {
      done.yet = true
      return rounds
    })
    const seen = new Set<string>()
    while (!done.yet) {
      for (let look = 0; look < 50; look++) seen.add(readFileSync(path, 'latin1'))
      await new Promise(setImmediate)
    }
    expect(await written).toBe(300)
    expect(seen).toEqual(whole)
  })

  test.each(['a file', 'nothing', 'a directory'])(
    'a symbolic link to %s is replaced, not followed',
    (kind) => {
      const { directory, path } = place()
      const target = join(directory, 'precious')
      if (kind === 'a file') writeFileSync(target, 'keep me')
      if (kind === 'a directory') mkdirSync(target)
      symlinkSync(target, path)
      writePidFile(path)
      expect(lstatSync(path).isFile()).toBe(true)
      expect(readFileSync(path, 'utf8')).toBe(contentFor(process.pid))
      if (kind === 'a file') expect(readFileSync(target, 'utf8')).toBe('keep me')
      if (kind === 'a directory') expect(readdirSync(target)).toEqual([])
      expect(readdirSync(directory).sort()).toEqual(
        kind === 'nothing' ? ['app.pid'] : ['app.pid', 'precious'],
      )
    },
  )

  test('a symbolic link on the way to it is a directory as any other', () => {
    const { directory } = place()
    mkdirSync(join(directory, 'run'))
    symlinkSync('run', join(directory, 'link'))
    writePidFile(join(directory, 'link', 'app.pid'))
    expect(readdirSync(join(directory, 'run'))).toEqual(['app.pid'])
    expect(readlinkSync(join(directory, 'link'))).toBe('run')
  })

  test.each([
    ['022', '644'],
    ['077', '600'],
    ['000', '644'],
  ])('with umask %s the mode is %s, also where the old file had another', (umask, mode) => {
    const { path } = place()
    writeFileSync(path, '1\n', { mode: 0o666 })
    chmodSync(path, 0o666)
    const before = process.umask(parseInt(umask, 8))
    try {
      writePidFile(path)
    } finally {
      process.umask(before)
    }
    expect((statSync(path).mode & 0o7777).toString(8)).toBe(mode)
  })

  test('a bare file name lies in the working directory', async () => {
    const { directory } = place()
    const caller = await Caller.start({ cwd: directory })
    expect(await caller.call('sigkit', 'writePidFile', 'app.pid')).toEqual({ value: null })
    expect(readFileSync(join(directory, 'app.pid'), 'utf8')).toBe(contentFor(caller.pid))
  })

  test('every name that a file may have', () => {
    const { directory } = place()
    for (const name of ['.app.pid', 'a b', '-', 'ä', 'x'.repeat(255)]) {
      writePidFile(join(directory, name))
      expect(readPidFile(join(directory, name)).pid, name).toBe(process.pid)
    }
  })
})

describe('writePidFile fails, leaves no temporary file, and keeps the old one', () => {
  test('a directory in its place: EISDIR', () => {
    const { directory, path } = place()
    mkdirSync(join(path, 'full'), { recursive: true })
    const error = thrown(() => {
      writePidFile(path)
    })
    expect(['EISDIR', 'ENOTEMPTY', 'EEXIST']).toContain(error.code)
    expect(readdirSync(directory)).toEqual(['app.pid'])
    expect(readdirSync(path)).toEqual(['full'])
  })

  test('no such directory: ENOENT; a file on the way: ENOTDIR', () => {
    const { directory, path } = place()
    writeFileSync(path, '1\n')
    const write =
      (at: string): (() => void) =>
      () => {
        writePidFile(at)
      }
    expect(thrown(write(join(directory, 'none', 'app.pid'))).code).toBe('ENOENT')
    expect(thrown(write(join(path, 'app.pid'))).code).toBe('ENOTDIR')
    expect(readdirSync(directory)).toEqual(['app.pid'])
  })

  test('not allowed: EACCES', async () => {
    const { directory, path } = place()
    writeFileSync(path, '1\n')
    chmodSync(directory, 0o555)
    const caller = await Caller.start({ wrapper: asNobody })
    expect((await caller.call('sigkit', 'writePidFile', path)).error).toMatchObject({ code: 'EACCES' })
    chmodSync(directory, 0o777)
    expect(readdirSync(directory)).toEqual(['app.pid'])
    expect(readFileSync(path, 'utf8')).toBe('1\n')
  })

  test('the file cannot be written to its end: EFBIG', async () => {
    const { directory, path } = place()
    writeFileSync(path, '1\n')
    const caller = await Caller.start({ wrapper: ['prlimit', '--fsize=8'] })
    expect((await caller.call('sigkit', 'writePidFile', path)).error).toMatchObject({ code: 'EFBIG' })
    expect(readdirSync(directory)).toEqual(['app.pid'])
    expect(readFileSync(path, 'utf8')).toBe('1\n')
  })

  test('the process of a handle is gone: ESRCH', async () => {
    const { directory, path } = place()
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'], env: plainEnvironment })
    using handle = PidFd.open(child)
    child.stdin.end()
    await within(once(child, 'exit'), 'the end of cat')
    for (const call of [
      () => {
        writePidFile(path, handle)
      },
      () => ProcessRef.of(handle),
    ])
      expect(thrown(call)).toMatchObject({
        name: 'NoSuchProcessError',
        code: 'ESRCH',
        pid: child.pid,
        reaped: true,
      })
    expect(readdirSync(directory)).toEqual([])
  })

  test('the target is gone: ESRCH', () => {
    const { directory, path } = place()
    const error = thrown(() => {
      writePidFile(path, ABSENT)
    })
    expect(error).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH', pid: ABSENT })
    expect(readdirSync(directory)).toEqual([])
  })

  test.each([
    [undefined, 1, 'ERR_INVALID_ARG_TYPE'],
    [null, 1, 'ERR_INVALID_ARG_TYPE'],
    ['', 1, 'ERR_INVALID_ARG_TYPE'],
    [3, 1, 'ERR_INVALID_ARG_TYPE'],
    ['pid', '1', 'ERR_INVALID_ARG_TYPE'],
    ['pid', null, 'ERR_INVALID_ARG_TYPE'],
    ['pid', 0, 'ERR_OUT_OF_RANGE'],
    ['pid', -1, 'ERR_OUT_OF_RANGE'],
  ])('%o, %o: %s', (name, target, code) => {
    const { directory } = place()
    const path = name === 'pid' ? join(directory, name) : name
    const error = thrown(() => {
      writePidFile(path as string, target as number)
    })
    expect(error.code).toBe(code)
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('readPidFile', () => {
  function read(content: string | Buffer): ProcessRef {
    const { path } = place()
    writeFileSync(path, content)
    return readPidFile(path)
  }

  test('gives back what was written, and finds the process', async () => {
    const { path } = place()
    const receiver = await Receiver.start()
    writePidFile(path, receiver.pid)
    const ref = readPidFile(path)
    expect(ref).toBeInstanceOf(ProcessRef)
    expect(ref.toString()).toBe(ProcessRef.of(receiver.pid).toString())
    using handle = PidFd.open(ref)
    handle.send('SIGUSR1')
    expect(await receiver.drain()).toMatchObject([{ signo: 10 }])
  })

  test('looks nobody up', () => {
    expect(read(`${ABSENT}\n${ABSENT}:1\n`).pid).toBe(ABSENT)
    expect(read(`${ABSENT}`).pid).toBe(ABSENT)
  })

  test.each([
    ['4242\n', 4242],
    ['4242', 4242],
    ['  4242 \n', 4242],
    ['4242\r\n', 4242],
    ['4242\n\n\n', 4242],
    ['0042\n', 42],
    ['1\n', 1],
    ['2147483647\n', 2147483647],
  ])('accepts a bare pid: %j', (content, pid) => {
    const ref = read(content)
    expect(ref.pid).toBe(pid)
    expect(ref.toString()).toBe(String(pid))
  })

  test('a bare pid is whoever has it now', async () => {
    const receiver = await Receiver.start()
    const ref = read(`${receiver.pid}\n`)
    expect(liveness(ref)).toBe('alive')
    using handle = PidFd.open(ref)
    expect(handle.pid).toBe(receiver.pid)
    // From now on it is known who.
    expect(ProcessRef.of(ref).equals(ProcessRef.of(receiver.pid))).toBe(true)
    await receiver.program.stop()
    expect(liveness(ref)).toBe('gone')
    expect(thrown(() => PidFd.open(ref))).toMatchObject({ name: 'NoSuchProcessError', reused: false })
  })

  test.each(['4242\n4242:7\n', '4242\r\n4242:7\r\n', '4242\n4242:7', ' 4242\n 4242:7 \n\n'])(
    'accepts a short reference, and blanks around it: %j',
    (content) => {
      expect(read(content).toString()).toBe('4242:7')
    },
  )

  test.each([
    ['', 'it is empty'],
    ['\n', 'it is empty'],
    ['\n\n\n', 'it is empty'],
    [' \n', 'line 1 is " ", not a pid'],
    ['\n4242\n', 'line 1 is "", not a pid'],
    ['abc\n', 'line 1 is "abc", not a pid'],
    ['4242 4243\n', 'line 1 is "4242 4243", not a pid'],
    ['-1\n', 'line 1 is "-1", not a pid'],
    ['-4242\n', 'line 1 is "-4242", not a pid'],
    ['+4242\n', 'line 1 is "+4242", not a pid'],
    ['4242.0\n', 'line 1 is "4242.0", not a pid'],
    ['1e3\n', 'line 1 is "1e3", not a pid'],
    ['0x10\n', 'line 1 is "0x10", not a pid'],
    ['4242\0\n', 'line 1 is "4242\\u0000", not a pid'],
    ['\ufeff4242\n', 'not a pid'],
    ['4242:7\n', 'line 1 is "4242:7", not a pid'],
    ['0\n', 'line 1 is 0, which no process has'],
    ['000\n', 'line 1 is 000, which no process has'],
    ['2147483648\n', 'line 1 is 2147483648, which no process has'],
    [`${'9'.repeat(30)}\n`, `line 1 is ${'9'.repeat(30)}, which no process has`],
    ['4242\nnginx\n', 'line 2 is "nginx", not a process reference'],
    ['4242\n4242\n', 'line 2 is "4242", not a process reference'],
    ['4242\n\n4242:7\n', 'it has 3 lines, not one or two'],
    ['4242\n4242:7\nmore\n', 'it has 3 lines, not one or two'],
    ['4242\n4243:7\n', 'line 1 says 4242 and line 2 is about 4243'],
    ['0042\n43:7\n', 'line 1 says 42 and line 2 is about 43'],
    ['1'.repeat(4097), 'it is longer than 4096 bytes'],
    ['\0'.repeat(1e6), 'it is longer than 4096 bytes'],
  ])('bad content %#', (content, reason) => {
    const error = thrown(() => read(content))
    expect(error).toMatchObject({ name: 'Error', code: 'ERR_INVALID_PID_FILE' })
    expect(error.message).toContain(reason)
    expect(error.message).toMatch(/^Pid file \/.*\/app\.pid: /)
  })

  test('a file of ours that was cut off is told, at whatever byte', async () => {
    const content = contentFor((await Receiver.start()).pid)
    const lines = content.split('\n')
    const firstLine = lines[0]?.length ?? 0
    for (let length = 0; length < content.length; length++) {
      const cut = content.slice(0, length)
      let text: string | undefined
      try {
        text = read(cut).toString()
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_INVALID_PID_FILE' })
        continue
      }
      // What can still be read is a shorter truth, or the whole; no cut inside line 2 may pass for a reference that it
      // is not.
      if (length > firstLine + 1) expect(content).toContain(text)
    }
  })

  test('ENOENT, EACCES and ENOTDIR are those of fs', async () => {
    const { directory, path } = place()
    expect(thrown(() => readPidFile(path))).toMatchObject({ code: 'ENOENT', syscall: 'open' })
    writeFileSync(path, '1\n', { mode: 0o600 })
    expect(thrown(() => readPidFile(join(path, 'x'))).code).toBe('ENOTDIR')
    chmodSync(path, 0o000)
    const caller = await Caller.start({ wrapper: asNobody })
    expect((await caller.call('sigkit', 'readPidFile', path)).error).toMatchObject({ code: 'EACCES' })
    expect(readdirSync(directory)).toEqual(['app.pid'])
  })

  test('a FIFO does not hang, with and without a writer', async () => {
    const { path } = place()
    output('mkfifo', path)
    chmodSync(path, 0o666)
    const caller = await Caller.start()
    const refused = { code: 'ERR_INVALID_PID_FILE', message: `Pid file ${path}: it is not a regular file` }
    expect((await caller.call('sigkit', 'readPidFile', path)).error).toMatchObject(refused)
    const writer = openSync(path, 'r+')
    expect((await caller.call('sigkit', 'readPidFile', path)).error).toMatchObject(refused)
    closeSync(writer)
    // Writing puts a file in its place.
    expect(await caller.call('sigkit', 'writePidFile', path)).toEqual({ value: null })
    expect(readPidFile(path).pid).toBe(caller.pid)
  })

  test.each(['/', '/dev/null', '/dev/zero'])('%s is not a regular file', (path) => {
    expect(thrown(() => readPidFile(path))).toMatchObject({
      code: 'ERR_INVALID_PID_FILE',
      message: `Pid file ${path}: it is not a regular file`,
    })
  })

  test('leaves no descriptor behind', () => {
    const before = readdirSync('/proc/self/fd').length
    for (let round = 0; round < 20; round++) {
      expect(thrown(() => readPidFile('/')).code).toBe('ERR_INVALID_PID_FILE')
      expect(thrown(() => read('no')).code).toBe('ERR_INVALID_PID_FILE')
      expect(read('1\n').pid).toBe(1)
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })

  test.each([[undefined], [null], [''], [3], [{}]])('%o is no path', (path) => {
    expect(thrown(() => readPidFile(path as string))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
    })
  })
})

test('a zombie can be written down', async () => {
  const { path } = place()
  const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
  writePidFile(path, zombie)
  expect(liveness(readPidFile(path))).toBe('zombie')
})
