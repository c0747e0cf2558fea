/** One right answer. Recycled numbers: reuse.test.ts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { liveness, PidFd, ProcessRef, type Target } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { Caller } from './helpers/caller.js'
import { blockUntil, within } from './helpers/deadline.js'
import { plainEnvironment, programPath, startNode, startProgram } from './helpers/fixture.js'
import { asNobody, deniedByInit, inNamespace, isRoot, NEEDS_ROOT } from './helpers/privilege.js'
import { stateOf } from './helpers/process-status.js'
import { Receiver } from './helpers/receiver.js'
import { sandbox } from './helpers/rung.js'
import { thrown } from './helpers/thrown.js'

/** Every way to name one process. The handle is never closed: it ends with the test. */
function targets(pid: number): [string, Target][] {
  const handle = PidFd.open(pid)
  return [
    ['number', pid],
    ['object', { pid }],
    ['handle', handle],
    ['reference', handle.identity],
    ['parsed reference', ProcessRef.parse(handle.identity.toString())],
  ]
}

const answers = (named: [string, Target][]): Record<string, string> =>
  Object.fromEntries(named.map(([name, target]) => [name, liveness(target)]))

const all = (answer: string): Record<string, string> =>
  Object.fromEntries(
    ['number', 'object', 'handle', 'reference', 'parsed reference'].map((name) => [name, answer]),
  )

describe('alive', () => {
  test('this process, PID 1 and a child, by whatever they are named', async () => {
    for (const pid of [process.pid, 1, (await Receiver.start()).pid])
      expect(answers(targets(pid))).toEqual(all('alive'))
  })

  test('a ChildProcess', async () => {
    const child = spawn(programPath('receiver'), {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: plainEnvironment,
    })
    expect(liveness(child)).toBe('alive')
    child.kill('SIGKILL')
    await within(once(child, 'exit'), 'the end of the child')
    expect(liveness(child)).toBe('gone')
  })

  test('a stopped process', async () => {
    const { pid } = await Receiver.start()
    using handle = PidFd.open(pid)
    handle.send('SIGSTOP')
    blockUntil(() => stateOf(pid) === 'T', 'SIGSTOP to stop it')
    expect(answers(targets(pid))).toEqual(all('alive'))
  })

  test('a process whose main thread has ended while another runs, though /proc says Z', async () => {
    const program = startProgram('leaderless')
    const { tid } = await program.next<{ tid: number }>('the end of its main thread')
    expect(stateOf(program.pid)).toBe('Z')
    expect(answers(targets(program.pid))).toEqual(all('alive'))
    using handle = PidFd.open(program.pid)
    expect(handle.state()).toBe('alive')
    expect(liveness(tid)).toBe('gone') // a thread, not a process
    program.endInput()
    await program.ended()
    expect(liveness(handle)).toBe('gone')
  })

  test.runIf(deniedByInit)('a process that one may not signal [needs PID 1 of another user]', async () => {
    const caller = await Caller.start({ wrapper: asNobody })
    expect(await caller.call('sigkit', 'tryKill', 1, 0)).toEqual({ value: 'EPERM' })
    expect(await caller.call('sigkit', 'liveness', 1)).toEqual({ value: 'alive' })
    expect(await caller.call('sigkit', 'liveness', { pid: 1 })).toEqual({ value: 'alive' })
  })

  test.runIf(isRoot)(`a process that one may not even see (hidepid) ${NEEDS_ROOT}`, async () => {
    const script = `ticks=$(cut -d' ' -f22 /proc/1/stat); mount -o remount,hidepid=2 /proc && "$@" "$ticks"; exit $?`
    const wrapper = [...inNamespace, 'sh', '-c', script, 'sh', ...asNobody]
    const program = startNode('hidden.mjs', { wrapper, detached: true })
    const report = await program.next('what another user makes of PID 1')
    expect(report).toMatchObject({ visible: false, number: 'alive', inode: 'alive', anotherInode: 'reused' })
    // Without /proc nothing can be said of a start time: least of all that it is another's.
    expect(report.ticks).toBe('EACCES')
    expect(report.open).toBe('EACCES')

    const without = [...inNamespace, 'sh', '-c', script, 'sh', ...asNobody, ...sandbox(['pidfd_open=ENOSYS'])]
    const blind = startNode('hidden.mjs', { wrapper: without, detached: true })
    expect(await blind.next('the same without pidfds')).toMatchObject({ visible: false, number: 'alive' })
  })
})

describe('zombie', () => {
  test('by whatever it is named', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    expect(answers(targets(zombie))).toEqual(all('zombie'))
  })

  test.runIf(isRoot)(`of another user ${NEEDS_ROOT}`, async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    const caller = await Caller.start({ wrapper: asNobody })
    expect(await caller.call('sigkit', 'tryKill', zombie, 0)).toEqual({ value: 'EPERM' })
    expect(await caller.call('sigkit', 'liveness', zombie)).toEqual({ value: 'zombie' })
  })
})

describe('gone', () => {
  test('once it is reaped, by whatever it is named', async () => {
    const receiver = await Receiver.start()
    const named = targets(receiver.pid)
    await receiver.program.stop()
    expect(answers(named)).toEqual(all('gone'))
  })

  test('a number that nobody has', () => {
    expect(liveness(ABSENT)).toBe('gone')
    expect(liveness(ProcessRef.parse(`${ABSENT}:1`))).toBe('gone')
    expect(liveness(ProcessRef.parse(`${ABSENT}@1`))).toBe('gone')
  })

  test('a thread id', async () => {
    const { pid, tid } = await Receiver.start()
    expect([liveness(pid), liveness(tid)]).toEqual(['alive', 'gone'])
    expect(liveness({ pid: tid })).toBe('gone')
  })

  test('a ChildProcess that exited or was killed', async () => {
    const exited = spawn('true', { stdio: 'ignore', env: plainEnvironment })
    const killed = spawn('sh', ['-c', 'kill -KILL $$'], { stdio: 'ignore', env: plainEnvironment })
    await within(Promise.all([once(exited, 'exit'), once(killed, 'exit')]), 'the ends of both')
    expect([exited.exitCode, killed.signalCode]).toEqual([0, 'SIGKILL'])
    expect([liveness(exited), liveness(killed)]).toEqual(['gone', 'gone'])
  })
})

describe('reused', () => {
  test('the number of a reference is somebody else', async () => {
    const { pid } = await Receiver.start()
    for (const identity of [':1', '@1'])
      expect(liveness(ProcessRef.parse(`${pid}${identity}`))).toBe('reused')
  })

  test('a reference from another boot or another pid namespace is never alive', async () => {
    const { pid } = await Receiver.start()
    const [short = '', boot = '', namespace = ''] = ProcessRef.of(pid).toString().split('/')
    const otherBoot = `${short}/00000000-0000-4000-8000-000000000000/${namespace}`
    const otherNamespace = `${short}/${boot}/1`
    for (const text of [otherBoot, otherNamespace]) expect(liveness(ProcessRef.parse(text))).toBe('reused')
  })
})

describe('throws', () => {
  test('for a closed handle', () => {
    const handle = PidFd.open(process.pid)
    handle.close()
    expect(thrown(() => liveness(handle))).toMatchObject({ code: 'ERR_PIDFD_CLOSED' })
  })

  test('for a ChildProcess that did not start', async () => {
    const child = spawn('/nonexistent/program')
    const failed = once(child, 'error')
    expect(thrown(() => liveness(child))).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    await within(failed, 'the error of a program that is not there')
  })

  test.each([
    ['1', 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [1n, 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [{ pid: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [0, 'ERR_OUT_OF_RANGE'],
    [-0, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [-process.pid, 'ERR_OUT_OF_RANGE'],
    [NaN, 'ERR_OUT_OF_RANGE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [2 ** 31, 'ERR_OUT_OF_RANGE'],
  ])('for %o: %s', (target, code) => {
    expect(thrown(() => liveness(target as Target)).code).toBe(code)
  })
})
