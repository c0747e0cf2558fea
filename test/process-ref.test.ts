/** References that can be written down. What they do once the number is recycled: reuse.test.ts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PidFd, ProcessRef, readPidFile, writePidFile } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { within } from './helpers/deadline.js'
import { plainEnvironment, startNode, startProgram } from './helpers/fixture.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { Receiver } from './helpers/receiver.js'
import { temporaryDirectory } from './helpers/temporary-directory.js'
import { thrown } from './helpers/thrown.js'

const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
const NAMESPACE = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? ''
const OTHER_BOOT = '00000000-0000-4000-8000-000000000000'

function inodeOf(pid: number): bigint {
  using handle = PidFd.open(pid)
  return statSync(`/proc/self/fd/${handle.fd}`, { bigint: true }).ino
}

function ticksOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

describe('of', () => {
  test('is PID:INODE/BOOTID/PIDNS', async () => {
    const { pid } = await Receiver.start()
    const ref = ProcessRef.of(pid)
    expect(ref).toBeInstanceOf(ProcessRef)
    expect(ref.pid).toBe(pid)
    expect(ref.toString()).toBe(`${pid}:${inodeOf(pid)}/${BOOT}/${NAMESPACE}`)
    expect(String(ref)).toBe(ref.toString())
    expect(JSON.stringify({ ref })).toBe(`{"ref":"${ref.toString()}"}`)
    expect(ref.toJSON()).toBe(ref.toString())
  })

  test('is the same for every way to name one process, and at every time', async () => {
    const child = spawn('sh', ['-c', 'echo; read line'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: plainEnvironment,
    })
    await within(once(child.stdout, 'data'), 'the shell')
    const { pid = 0 } = child
    const text = ProcessRef.of(pid).toString()
    using handle = PidFd.open(pid)
    for (const target of [
      child,
      { pid },
      handle,
      handle.identity,
      ProcessRef.of(pid),
      ProcessRef.parse(text),
    ])
      expect(ProcessRef.of(target).toString()).toBe(text)
    child.stdin.end()
    await within(once(child, 'exit'), 'the end of the shell')
    // The handle keeps what it is on.
    expect(handle.identity.toString()).toBe(text)
    expect(thrown(() => ProcessRef.of(child))).toMatchObject({ name: 'NoSuchProcessError', reaped: true })
  })

  test('is the same over an exec', async () => {
    const child = spawn('sh', ['-c', 'echo; read line; exec cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: plainEnvironment,
    })
    const lines = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    await within(lines.next(), 'the shell')
    const before = ProcessRef.of(child)
    child.stdin.write('go\nhere\n')
    await within(lines.next(), 'cat')
    expect(readFileSync(`/proc/${before.pid}/comm`, 'utf8')).toBe('cat\n')
    expect(ProcessRef.of(child).equals(before)).toBe(true)
    child.kill('SIGKILL')
    await within(once(child, 'exit'), 'the end of cat')
  })

  test('of a zombie', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    expect(ProcessRef.of(zombie).toString()).toBe(`${zombie}:${inodeOf(zombie)}/${BOOT}/${NAMESPACE}`)
  })

  test('errors are those of opening', () => {
    expect(thrown(() => ProcessRef.of(ABSENT))).toMatchObject({ name: 'NoSuchProcessError', pid: ABSENT })
    expect(thrown(() => ProcessRef.of('1' as unknown as number)).code).toBe('ERR_INVALID_ARG_TYPE')
    expect(thrown(() => ProcessRef.of(0)).code).toBe('ERR_OUT_OF_RANGE')
    const handle = PidFd.open(process.pid)
    handle.close()
    expect(thrown(() => ProcessRef.of(handle)).code).toBe('ERR_PIDFD_CLOSED')
  })
})

describe('parse', () => {
  test.each([
    '4242:10211',
    '1:0',
    '2147483647:18446744073709551615',
    '4242@987654',
    `4242:10211/${BOOT}/4026531836`,
    `4242@987654/${OTHER_BOOT}/1`,
  ])('%s is given back as it was', (text) => {
    const ref = ProcessRef.parse(text)
    expect(ref.toString()).toBe(text)
    expect(ref.pid).toBe(Number(/^\d+/.exec(text)?.[0]))
  })

  test.each([
    ...[
      '',
      ' ',
      '4242',
      ':',
      '@',
      '4242:',
      '4242@',
      ':10211',
      '0:1',
      '-1:1',
      '01:1',
      '+1:1',
      '1.0:1',
      '1e3:1',
    ],
    ...['4242:-1', '4242:1.5', '4242:0x10', '4242:1:2', '4242@1@2', '4242:1@2', '4242 :1', '4242: 1'],
    ...[' 4242:1', '4242:1 ', '4242:1\n', '\n4242:1', '4242:1\0', '4242：1', '４２４２:1'],
    ...['2147483648:1', '9999999999:1', '42949672960:1', `4242:${'9'.repeat(21)}`],
    ...['4242:1/', '4242:1//', `4242:1/${BOOT}`, `4242:1/${BOOT}/`, `4242:1//4026531836`, '4242:1/x/1'],
    ...[`4242:1/${BOOT.toUpperCase()}A/1`, `4242:1/${BOOT}/x`, `4242:1/${BOOT}/1/2`, `4242:1/${BOOT}/-1`],
    ...[`4242:1/${BOOT}/1\n`, `4242/${BOOT}/1`, `4242:1/${BOOT.replaceAll('-', '')}/1`],
  ])('%j is ERR_INVALID_ARG_VALUE', (text) => {
    const error = thrown(() => ProcessRef.parse(text))
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
    expect(error.message).toContain('PID:INODE')
  })

  test.each([
    [undefined],
    [null],
    [4242],
    [4242n],
    [{}],
    [['4242:1']],
    [Buffer.from('4242:1')],
    [Symbol('1:1')],
  ])('%o is ERR_INVALID_ARG_TYPE', (text) => {
    const error = thrown(() => ProcessRef.parse(text as unknown as string))
    expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  })

  test('a long text is refused at once', () => {
    const started = performance.now()
    for (const text of ['1'.repeat(1e6), `1:${'1'.repeat(1e6)}`, `1:1/${'a-'.repeat(5e5)}`])
      expect(thrown(() => ProcessRef.parse(text)).message.length).toBeLessThan(300)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('a parsed reference opens', () => {
  const opens = (text: string): boolean => {
    using handle = PidFd.open(ProcessRef.parse(text))
    return handle.trySend(0) === undefined
  }

  test('in every form: full, short, by start time', async () => {
    const { pid } = await Receiver.start()
    for (const identity of [`:${inodeOf(pid)}`, `@${ticksOf(pid)}`]) {
      expect(opens(`${pid}${identity}`)).toBe(true)
      expect(opens(`${pid}${identity}/${BOOT}/${NAMESPACE}`)).toBe(true)
    }
  })

  test('by start time also where a comm has parentheses and spaces in it', async () => {
    const program = startNode('titled.mjs', { args: [') Z 1 (x'] })
    await program.next('the title')
    expect(readFileSync(`/proc/${program.pid}/comm`, 'utf8')).toBe(') Z 1 (x\n')
    expect(opens(`${program.pid}@${ticksOf(program.pid)}`)).toBe(true)
  })

  test('only the very process: any other inode or start time is somebody else', async () => {
    const { pid } = await Receiver.start()
    const [inode, ticks] = [inodeOf(pid), BigInt(ticksOf(pid))]
    const identities = [`:${inode + 1n}`, `:${inode - 1n}`, ':0', `:${inode + 2n ** 32n}`]
    for (const identity of [
      ...identities,
      `@${ticks + 1n}`,
      `@${ticks - 1n}`,
      '@0',
      `:${ticks}`,
      `@${inode}`,
    ]) {
      for (const place of ['', `/${BOOT}/${NAMESPACE}`]) {
        const error = thrown(() => PidFd.open(ProcessRef.parse(`${pid}${identity}${place}`)))
        expect(error).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH', reused: true, pid })
      }
    }
  })

  test('nobody has the number: not reused', () => {
    for (const identity of [':1', '@1']) {
      const error = thrown(() => PidFd.open(ProcessRef.parse(`${ABSENT}${identity}/${BOOT}/${NAMESPACE}`)))
      expect(error).toMatchObject({ name: 'NoSuchProcessError', reused: false, pid: ABSENT })
    }
  })

  test.each([
    ['another boot', OTHER_BOOT, NAMESPACE],
    ['another pid namespace', BOOT, '1'],
  ])('from %s it never matches, whatever the rest says', async (where, boot, namespace) => {
    const { pid } = await Receiver.start()
    for (const identity of [`:${inodeOf(pid)}`, `@${ticksOf(pid)}`]) {
      const error = thrown(() => PidFd.open(ProcessRef.parse(`${pid}${identity}/${boot}/${namespace}`)))
      expect(error).toMatchObject({ name: 'NoSuchProcessError', code: 'ESRCH', reused: true, pid })
      expect(error.message).toContain(`from ${where}`)
      const absent = ProcessRef.parse(`${ABSENT}${identity}/${boot}/${namespace}`)
      expect(thrown(() => PidFd.open(absent))).toMatchObject({ name: 'NoSuchProcessError', reused: false })
    }
  })

  test.runIf(canNamespace)(`a reference from within a container is not ours ${NEEDS_NAMESPACE}`, async () => {
    // Its PID 1 is not our PID 1.
    const program = startNode('self-ref.mjs', { wrapper: inNamespace, detached: true })
    const { ref, again } = await program.next<{ ref: string; again: boolean }>('its own reference')
    expect(again).toBe(true)
    expect(ref).toMatch(new RegExp(`^1:\\d+/${BOOT}/\\d+$`))
    expect(ref.endsWith(`/${NAMESPACE}`)).toBe(false)
    const error = thrown(() => PidFd.open(ProcessRef.parse(ref)))
    expect(error).toMatchObject({ name: 'NoSuchProcessError', reused: true, pid: 1 })
    expect(error.message).toContain('another pid namespace')
  })
})

describe('equals', () => {
  const full = (identity: string, boot = BOOT, namespace = NAMESPACE): ProcessRef =>
    ProcessRef.parse(`4242${identity}/${boot}/${namespace}`)
  const short = (identity: string, pid = 4242): ProcessRef => ProcessRef.parse(`${pid}${identity}`)

  test.each([
    ['itself', full(':1'), full(':1'), true],
    ['itself by start time', full('@1'), full('@1'), true],
    ['short and short', short(':1'), short(':1'), true],
    ['what a short form leaves out is not compared', full(':1'), short(':1'), true],
    ['another inode', full(':1'), full(':2'), false],
    [
      'an inode that a double cannot tell apart',
      short(':9007199254740993'),
      short(':9007199254740992'),
      false,
    ],
    ['another number', short(':1'), short(':1', 4243), false],
    ['an inode and a start time', full(':1'), full('@1'), false],
    ['another boot', full(':1'), full(':1', OTHER_BOOT), false],
    ['another pid namespace', full(':1'), full(':1', BOOT, '7'), false],
  ])('%s', (_name, one, other, expected) => {
    expect(one.equals(other)).toBe(expected)
    expect(other.equals(one)).toBe(expected)
  })

  test('a bare number, from an old pid file, equals only a bare number', async () => {
    const { pid } = await Receiver.start()
    const path = join(temporaryDirectory(), 'pid')
    writePidFile(path, pid)
    const ours = readPidFile(path)
    writeFileSync(path, `${pid}\n`)
    const [bare, again] = [readPidFile(path), readPidFile(path)]
    expect(bare.equals(again)).toBe(true)
    expect(bare.equals(ours)).toBe(false)
    expect(ours.equals(bare)).toBe(false)
    expect(bare.toString()).toBe(String(pid))
  })

  test.each([[undefined], [null], [4242], ['4242:1'], [{ pid: 4242 }], [PidFd]])(
    '%o is no reference',
    (other) => {
      expect(short(':1').equals(other as unknown as ProcessRef)).toBe(false)
    },
  )
})
