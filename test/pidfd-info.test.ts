/** info() against /proc and ps; pidfdGetInfo as the kernel gives it. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { PidFd, type ProcessInfo } from 'sigkit'
import {
  PIDFD_INFO_CGROUPID,
  PIDFD_INFO_CREDS,
  PIDFD_INFO_EXIT,
  PIDFD_INFO_PID,
  PIDFD_THREAD,
  pidfdGetInfo,
  pidfdOpen,
  pidfdSendSignal,
} from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { plainEnvironment, programPath, startNode, startProgram } from './helpers/fixture.js'
import { asNobody, canNamespace, isRoot, NEEDS_NAMESPACE, NEEDS_ROOT, NOBODY } from './helpers/privilege.js'
import { Program } from './helpers/program.js'
import { Receiver } from './helpers/receiver.js'
import { output } from './helpers/shell.js'
import { thrown } from './helpers/thrown.js'

type Ids = Omit<ProcessInfo, 'cgroupId' | 'startTime'>

/** The same, from /proc. */
function idsInProc(pid: number): Ids {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1')
  const numbers = (name: string): number[] =>
    (new RegExp(`^${name}:\\t(.*)$`, 'm').exec(text)?.[1] ?? '').split('\t').map(Number)
  const [[tgid = NaN], [ppid = NaN]] = [numbers('Tgid'), numbers('PPid')]
  const [ruid = NaN, euid = NaN, suid = NaN, fsuid = NaN] = numbers('Uid')
  const [rgid = NaN, egid = NaN, sgid = NaN, fsgid = NaN] = numbers('Gid')
  return { pid, tgid, ppid, ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid }
}

function idsInPs(pid: number): Record<string, number> {
  const columns = ['pid', 'tgid', 'ppid', 'ruid', 'euid', 'suid', 'fsuid', 'rgid', 'egid', 'sgid', 'fsgid']
  const text = output('ps', '-o', columns.map((name) => `${name}=`).join(','), '-p', String(pid))
  const numbers = text.trim().split(/\s+/).map(Number)
  return Object.fromEntries(columns.map((name, index) => [name, numbers[index] ?? NaN]))
}

function expectTrue(pid: number): ProcessInfo {
  using handle = PidFd.open(pid)
  const info = handle.info()
  const { cgroupId, startTime, ...ids } = info
  expect(ids).toEqual(idsInProc(pid))
  expect(ids).toEqual(idsInPs(pid))
  expect(typeof cgroupId).toBe('bigint')
  expect(Number.isFinite(startTime)).toBe(true)
  return info
}

describe('info', () => {
  test('of this process, of a child and of PID 1', async () => {
    const { pid } = await Receiver.start()
    expectTrue(process.pid)
    expect(expectTrue(pid)).toMatchObject({ pid, tgid: pid, ppid: process.pid })
    expect(expectTrue(1)).toMatchObject({ pid: 1, ppid: 0 })
  })

  test.runIf(isRoot)(`of a process whose eight ids all differ ${NEEDS_ROOT}`, async () => {
    const program = startProgram('credentials')
    await program.next('the ids')
    expect(expectTrue(program.pid)).toMatchObject({
      ...{ ruid: 21, euid: 22, suid: 23, fsuid: 24 },
      ...{ rgid: 31, egid: 32, sgid: 33, fsgid: 34 },
    })
  })

  test.runIf(isRoot)(`of another user, and by another user ${NEEDS_ROOT}`, async () => {
    const program = new Program([...asNobody, programPath('receiver')], { env: plainEnvironment })
    await program.next('ready')
    expect(expectTrue(program.pid)).toMatchObject({ ruid: NOBODY, euid: NOBODY, rgid: NOBODY })
    const { pid } = await Receiver.start()
    const { info } = await startNode('handle-info.mjs', { wrapper: asNobody, args: [String(pid)] }).next<{
      info: object
    }>('what another user sees')
    expect(info).toMatchObject({ ...idsInProc(pid) })
  })

  test('of a zombie: as before', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    expectTrue(zombie)
  })

  test('of a process that is gone: NoSuchProcessError', async () => {
    const receiver = await Receiver.start()
    using handle = PidFd.open(receiver.pid)
    handle.send('SIGKILL')
    await receiver.program.ended()
    const error = thrown(() => handle.info())
    expect(error).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH', errno: -3, pid: receiver.pid })
  })

  test('the cgroup id is the inode of its directory', async () => {
    const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? ''
    const directory = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']
      .map((mount) => statSync(`${mount}${path}`, { bigint: true, throwIfNoEntry: false }))
      .find((status) => status !== undefined)
    if (directory === undefined) return // no cgroup v2 to look at
    using handle = PidFd.open((await Receiver.start()).pid)
    expect(handle.info().cgroupId).toBe(directory.ino)
  })

  test('startTime is the truth to 20 ms', () => {
    for (let round = 0; round < 20; round++) {
      const before = performance.timeOrigin + performance.now()
      const child = spawn('true', { stdio: 'ignore', env: plainEnvironment })
      const after = performance.timeOrigin + performance.now()
      using handle = PidFd.open(child)
      const { startTime } = handle.info()
      expect(startTime).toBeGreaterThanOrEqual(before - 20)
      expect(startTime).toBeLessThanOrEqual(after + 20)
    }
  })

  test('startTime of one process is always the same', async () => {
    using handle = PidFd.open((await Receiver.start()).pid)
    const seen = new Set(Array.from({ length: 1000 }, () => handle.info().startTime))
    expect(seen.size).toBe(1)
  })

  test.runIf(canNamespace)(
    `of a process that lives in a pid namespace above: EREMOTE ${NEEDS_NAMESPACE}`,
    async () => {
      const report = await startNode('handed-down.mjs').next('what it can tell')
      expect(report).toMatchObject({
        pid: null, // NaN: it has no number in there
        raceFree: true,
        state: 'alive',
        info: { name: 'SignalError', code: 'EREMOTE' },
        send: 'EINVAL',
      })
    },
  )
})

describe('pidfdGetInfo', () => {
  test('gives what the kernel filled, and says which', async () => {
    const { pid } = await Receiver.start()
    const fd = pidfdOpen(pid)
    const { mask, cgroupid, ...ids } = pidfdGetInfo(fd)
    expect(mask & BigInt(PIDFD_INFO_PID | PIDFD_INFO_CREDS | PIDFD_INFO_CGROUPID)).toBe(7n)
    expect(mask & BigInt(PIDFD_INFO_EXIT)).toBe(0n)
    expect(typeof cgroupid).toBe('bigint')
    expect(ids).toEqual(idsInProc(pid))
    closeSync(fd)
  })

  test('the mask asks, as a number and as a bigint', async () => {
    const fd = pidfdOpen((await Receiver.start()).pid)
    // The kernel may fill more than it was asked for; what it filled is what its own mask says.
    for (const mask of [PIDFD_INFO_PID, PIDFD_INFO_CREDS, PIDFD_INFO_CGROUPID, PIDFD_INFO_EXIT, 0]) {
      const info = pidfdGetInfo(fd, mask)
      expect(info).toEqual(pidfdGetInfo(fd, BigInt(mask)))
      const filled = (bit: number): boolean => (info.mask & BigInt(bit)) !== 0n
      expect('pid' in info).toBe(filled(PIDFD_INFO_PID))
      expect('euid' in info).toBe(filled(PIDFD_INFO_CREDS))
      expect('cgroupid' in info).toBe(filled(PIDFD_INFO_CGROUPID))
      expect('exitCode' in info).toBe(filled(PIDFD_INFO_EXIT))
    }
    expect(pidfdGetInfo(fd, PIDFD_INFO_CGROUPID)).toHaveProperty('cgroupid')
    expect(pidfdGetInfo(fd, PIDFD_INFO_EXIT)).not.toHaveProperty('exitCode')
    expect(pidfdGetInfo(fd, 2n ** 64n - 1n)).toMatchObject({ pid: expect.any(Number) as number })
    closeSync(fd)
  })

  test('of a thread: its own pid, and the tgid', async () => {
    const { pid, tid } = await Receiver.start()
    const fd = pidfdOpen(tid, PIDFD_THREAD)
    expect(pidfdGetInfo(fd)).toMatchObject({ pid: tid, tgid: pid })
    closeSync(fd)
  })

  test('a zombie has ids and no exit code', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    const fd = pidfdOpen(zombie)
    const info = pidfdGetInfo(fd)
    expect(info.pid).toBe(zombie)
    expect(info).not.toHaveProperty('exitCode')
    closeSync(fd)
  })

  test.each([
    ['exit code 5', ['sh', '-c', 'exit 5'], 0x500],
    ['exit code 255', ['sh', '-c', 'exit 255'], 0xff00],
    ['exit code 0', ['true'], 0],
    ['SIGKILL', ['sh', '-c', 'kill -KILL $$'], 9],
    ['a real-time signal', ['sh', '-c', 'kill -40 $$'], 40],
  ])('after the reap: the raw wait status, and no ids; %s', async (_name, command, status) => {
    const program = new Program(command, { env: plainEnvironment })
    const fd = pidfdOpen(program.pid)
    await program.ended()
    const info = pidfdGetInfo(fd)
    expect(info.exitCode).toBe(status)
    expect(info.mask & BigInt(PIDFD_INFO_EXIT)).toBe(BigInt(PIDFD_INFO_EXIT))
    for (const field of ['pid', 'tgid', 'ppid', 'ruid', 'euid', 'fsgid'])
      expect(info).not.toHaveProperty(field)
    expect(pidfdGetInfo(fd, PIDFD_INFO_EXIT).exitCode).toBe(status)
    closeSync(fd)
  })

  test('ESRCH after the reap, when the exit is not asked for', async () => {
    const receiver = await Receiver.start()
    const fd = pidfdOpen(receiver.pid)
    pidfdSendSignal(fd, 'SIGKILL')
    await receiver.program.ended()
    for (const mask of [0, PIDFD_INFO_PID, PIDFD_INFO_PID | PIDFD_INFO_CREDS]) {
      expect(thrown(() => pidfdGetInfo(fd, mask))).toMatchObject({
        name: 'NoSuchProcessError',
        code: 'ESRCH',
        syscall: 'ioctl',
      })
    }
    closeSync(fd)
  })

  test('ENOTTY: not a pidfd', () => {
    const fd = openSync(import.meta.filename, 'r')
    const error = thrown(() => pidfdGetInfo(fd))
    expect(error).toMatchObject({ name: 'SignalError', code: 'ENOTTY', errno: -25, syscall: 'ioctl' })
    expect(error.message).toContain(`fd ${fd}`)
    closeSync(fd)
  })

  test('EBADF: no descriptor', () => {
    const fd = pidfdOpen(process.pid)
    closeSync(fd)
    for (const number of [fd, -1, 999_999]) {
      expect(thrown(() => pidfdGetInfo(number))).toMatchObject({ code: 'EBADF', errno: -9, syscall: 'ioctl' })
    }
  })

  test.each([
    ['3', undefined, 'ERR_INVALID_ARG_TYPE'],
    [undefined, undefined, 'ERR_INVALID_ARG_TYPE'],
    [0.5, undefined, 'ERR_OUT_OF_RANGE'],
    [3, '1', 'ERR_INVALID_ARG_TYPE'],
    [3, null, 'ERR_INVALID_ARG_TYPE'],
    [3, -1, 'ERR_OUT_OF_RANGE'],
    [3, -1n, 'ERR_OUT_OF_RANGE'],
    [3, 0.5, 'ERR_OUT_OF_RANGE'],
    [3, 2n ** 64n, 'ERR_OUT_OF_RANGE'],
  ])('%o, %o: %s', (fd, mask, code) => {
    expect(thrown(() => pidfdGetInfo(fd as number, mask as number)).code).toBe(code)
  })
})
