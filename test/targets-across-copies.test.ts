/**
 * Two dependants of one program can each have a copy of the package. A handle or a reference of one is a target for the
 * other, and keeps its identity: it is never taken for an object that has a pid.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Sigkit from 'sigkit'
import { liveness, PidFd, ProcessRef, readPidFile, waitAll, waitAny, writePidFile } from 'sigkit'
import { beforeEach, describe, expect, test } from 'vitest'
import { packageRoot } from './helpers/addon.js'
import { within } from './helpers/deadline.js'
import { startNode, startProgram } from './helpers/fixture.js'
import { copyPackage, requireCopy } from './helpers/package-copy.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { Receiver } from './helpers/receiver.js'
import { temporaryDirectory } from './helpers/temporary-directory.js'
import { thrown } from './helpers/thrown.js'

let directory: string
let copy: ReturnType<typeof requireCopy>

beforeEach(() => {
  directory = copyPackage()
  copy = requireCopy(directory)
})

test('the copy is one', () => {
  expect(copy.PidFd).not.toBe(PidFd)
  expect(copy.ProcessRef).not.toBe(ProcessRef)
})

describe.each(['theirs to us', 'ours to them'])('%s', (direction) => {
  const [from, to] = [
    () => (direction === 'theirs to us' ? copy : { PidFd, ProcessRef, readPidFile, writePidFile }),
    () =>
      direction === 'theirs to us' ? { liveness, PidFd, ProcessRef, waitAll, waitAny, writePidFile } : copy,
  ]

  test('a PidFd opens, on a descriptor of its own', async () => {
    const receiver = await Receiver.start()
    const theirs = from().PidFd.open(receiver.pid)
    using ours = to().PidFd.open(theirs)
    expect(ours).toMatchObject({ pid: receiver.pid, raceFree: true, closed: false })
    expect(ours.fd).not.toBe(theirs.fd)
    theirs.close()
    ours.send('SIGUSR1')
    expect(await receiver.drain()).toMatchObject([{ signo: 10 }])
  })

  test('a ProcessRef opens', async () => {
    const receiver = await Receiver.start()
    const ref = from().ProcessRef.of(receiver.pid)
    using handle = to().PidFd.open(ref)
    handle.send('SIGUSR1')
    expect(await receiver.drain()).toMatchObject([{ signo: 10 }])
    const ours = to().ProcessRef.of(ref)
    expect(ours.toString()).toBe(ref.toString())
    expect([ours.equals(ref), ref.equals(ours)]).toEqual([true, true])
  })

  test('liveness, of both', async () => {
    const receiver = await Receiver.start()
    const handle = from().PidFd.open(receiver.pid)
    const { identity } = handle
    expect([to().liveness(handle), to().liveness(identity)]).toEqual(['alive', 'alive'])
    await receiver.program.stop()
    expect([to().liveness(handle), to().liveness(identity)]).toEqual(['gone', 'gone'])
    handle.close()
  })

  test('a reference to somebody else is refused: its identity counts, not its number', async () => {
    const { pid } = await Receiver.start()
    for (const text of [`${pid}:1`, `${pid}@1`]) {
      const ref = from().ProcessRef.parse(text)
      expect(thrown(() => to().PidFd.open(ref))).toMatchObject({
        name: 'NoSuchProcessError',
        reused: true,
        pid,
      })
      expect(to().liveness(ref)).toBe('reused')
    }
  })

  test('waits and pid files take both', async () => {
    const [first, second] = [await Receiver.start(), await Receiver.start()]
    using handle = from().PidFd.open(first.pid)
    const ref = from().ProcessRef.of(second.pid)
    const all = to().waitAll([handle, ref])
    const any = to().waitAny([ref, handle])
    const path = join(temporaryDirectory(), 'app.pid')
    for (const target of [handle, handle.identity]) {
      to().writePidFile(path, target)
      expect(readFileSync(path, 'utf8')).toBe(`${first.pid}\n${ProcessRef.of(first.pid).toString()}\n`)
    }
    handle.send('SIGKILL')
    expect(await within(any, 'the first exit')).toMatchObject({ pid: first.pid, signal: 'SIGKILL' })
    process.kill(second.pid, 'SIGKILL')
    expect(await within(all, 'both exits')).toMatchObject([{ pid: first.pid }, { pid: second.pid }])
  })

  test('the bare number of an old pid file is still a bare number', async () => {
    const { pid } = await Receiver.start()
    const path = join(temporaryDirectory(), 'app.pid')
    writeFileSync(path, `${pid}\n`)
    const ref = from().readPidFile(path)
    expect(to().liveness(ref)).toBe('alive')
    using handle = to().PidFd.open(ref)
    expect(handle.pid).toBe(pid)
  })

  test('a closed PidFd is ERR_PIDFD_CLOSED, not an object with a pid', async () => {
    const { pid } = await Receiver.start()
    const handle = from().PidFd.open(pid)
    handle.close()
    for (const call of [
      () => to().PidFd.open(handle),
      () => to().liveness(handle),
      () => to().ProcessRef.of(handle),
    ])
      expect(thrown(call).code).toBe('ERR_PIDFD_CLOSED')
  })

  test('a PidFd whose process is gone is NoSuchProcessError', async () => {
    const receiver = await Receiver.start()
    using handle = from().PidFd.open(receiver.pid)
    await receiver.program.stop()
    expect(thrown(() => to().PidFd.open(handle))).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH' })
  })

  test('a zombie is still there', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    using handle = from().PidFd.open(zombie)
    using ours = to().PidFd.open(handle)
    expect(ours.state()).toBe('zombie')
  })
})

test('two instances over one addon, as a reset module registry makes them (jest), both see exits', async () => {
  const require = createRequire(import.meta.url)
  const instances = [1, 2].map(() => {
    for (const file of Object.keys(require.cache))
      if (file.startsWith(join(packageRoot, 'dist'))) Reflect.deleteProperty(require.cache, file)
    return require('sigkit') as typeof Sigkit
  })
  expect(instances[0]?.PidFd).not.toBe(instances[1]?.PidFd)
  for (const instance of [...instances, ...instances.reverse()]) {
    const receiver = await Receiver.start()
    using handle = instance.PidFd.open(receiver.pid)
    const exit = handle.exited()
    handle.send('SIGKILL')
    expect(await within(exit, 'the exit', 10_000)).toMatchObject({ pid: receiver.pid, signal: 'SIGKILL' })
  }
})

test.runIf(canNamespace)(
  `with the number recycled no hold of the copy reaches the stranger ${NEEDS_NAMESPACE}`,
  async () => {
    const args = ['copies', join(directory, 'dist', 'index.js')]
    const report = await startNode('reuse.mjs', { wrapper: inNamespace, detached: true, args }).next<{
      pid: number
      references: Record<string, Record<string, unknown>>
      untouched: number[]
    }>('the report of a recycled number')
    expect(Object.keys(report.references)).toEqual(['handle', 'handleByNumber', 'reference', 'pidFile'])
    const refused = {
      error: expect.objectContaining({
        name: 'NoSuchProcessError',
        code: 'ESRCH',
        reused: true,
        pid: report.pid,
      }) as object,
    }
    for (const [kind, outcomes] of Object.entries(report.references)) {
      expect(outcomes, kind).toEqual({
        open: refused,
        of: refused,
        writePidFile: refused,
        liveness: { value: expect.stringMatching(/^(gone|reused)$/) as string },
      })
    }
    expect(report.untouched).toEqual([])
  },
)
