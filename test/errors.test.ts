/** What an error says and is. That each errno is reached for real: send-errors.test.ts, syscalls.test.ts. */
import { inspect } from 'node:util'
import {
  isErrno,
  kill,
  NoChildError,
  NoSuchProcessError,
  PermissionDeniedError,
  ResourceLimitError,
  sigqueue,
  SignalError,
  tgkill,
  UnsupportedError,
  WaitTimeoutError,
} from 'sigkit'
import * as syscalls from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { fixturePath, startNode } from './helpers/fixture.js'
import { copyPackage, requireCopy } from './helpers/package-copy.js'
import { Receiver } from './helpers/receiver.js'
import { thrown } from './helpers/thrown.js'

const gone = (): Error =>
  thrown(() => {
    kill(ABSENT)
  })

const full = (pid: number): Error =>
  thrown(() => {
    sigqueue(pid, 'SIGRTMIN', 1)
  })

describe('message', () => {
  test.each([
    [
      () => {
        kill(ABSENT)
      },
      `kill ESRCH: no such process (pid ${ABSENT}, SIGTERM)`,
    ],
    [
      () => {
        kill(ABSENT, 34)
      },
      `kill ESRCH: no such process (pid ${ABSENT}, SIGRTMIN)`,
    ],
    [
      () => {
        kill(-ABSENT, 'SIGINT')
      },
      `kill ESRCH: no such process (pgid ${ABSENT}, SIGINT)`,
    ],
    [
      () => {
        tgkill(ABSENT, 7, 'SIGPOLL')
      },
      `tgkill ESRCH: no such process (pid ${ABSENT}, tid 7, SIGIO)`,
    ],
    [
      () => {
        syscalls.kill(process.pid, 999)
      },
      `kill EINVAL: invalid argument (pid ${process.pid}, signal 999)`,
    ],
    [
      () => {
        syscalls.kill(ABSENT, 32)
      },
      `kill ESRCH: no such process (pid ${ABSENT}, signal 32)`,
    ],
    [() => syscalls.getpgid(ABSENT), `getpgid ESRCH: no such process (pid ${ABSENT})`],
  ])('%# %o', (call, message) => {
    expect(thrown(call).message).toBe(message)
  })

  test('a probe names who was meant and no signal', () => {
    const error = thrown(() => {
      kill(ABSENT, 0)
    })
    expect(error.message).toMatch(new RegExp(`^kill ESRCH: no such process \\(pid ${ABSENT}, signal 0\\)$`))
    expect('signal' in error).toBe(false)
  })
})

describe('fields', () => {
  test("are Node's own, with who was meant", () => {
    const node = thrown(() => process.kill(ABSENT))
    const ours = thrown(() => {
      kill(ABSENT)
    })
    expect(ours.code).toBe(node.code)
    expect(ours.errno).toBe(node.errno)
    expect(ours.syscall).toBe(node.syscall)
    expect(ours.errno).toBeLessThan(0)
    expect(ours).toMatchObject({ pid: ABSENT, signal: 'SIGTERM', reused: false, reaped: false })
  })

  test('are absent where there is nothing to say', () => {
    expect(Object.keys(gone()).sort()).toEqual(['code', 'errno', 'pid', 'signal', 'syscall'])
    const noSignal = thrown(() => syscalls.getsid(ABSENT))
    expect(Object.keys(noSignal).sort()).toEqual(['code', 'errno', 'pid', 'syscall'])
  })

  test('are printed', () => {
    expect(inspect(gone())).toContain("code: 'ESRCH'")
    expect(inspect(gone())).toMatch(/^NoSuchProcessError: kill ESRCH/)
  })
})

describe('classes', () => {
  test('the class is of the kind of the errno, and a SignalError', async () => {
    const { pid } = await Receiver.start({ sigpending: 0 })
    const error = gone()
    expect(error).toBeInstanceOf(NoSuchProcessError)
    expect(error).toBeInstanceOf(SignalError)
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe('NoSuchProcessError')
    for (const other of [
      PermissionDeniedError,
      NoChildError,
      ResourceLimitError,
      UnsupportedError,
      WaitTimeoutError,
    ]) {
      expect(error).not.toBeInstanceOf(other)
    }
    expect(full(pid)).toBeInstanceOf(ResourceLimitError)
    expect(full(pid)).not.toBeInstanceOf(NoSuchProcessError)
  })

  test('every other errno is a plain SignalError', () => {
    const error = thrown(() => {
      syscalls.kill(process.pid, 999)
    })
    expect(Object.getPrototypeOf(error)).toBe(SignalError.prototype)
    expect(error).toMatchObject({ name: 'SignalError', code: 'EINVAL', errno: -22 })
  })

  test.each([undefined, null, 'ESRCH', 3, {}, { code: 'ESRCH' }, new Error('ESRCH')])(
    '%o is none of ours',
    (value) => {
      for (const kind of [SignalError, NoSuchProcessError, WaitTimeoutError])
        expect(value instanceof kind).toBe(false)
    },
  )

  test("Node's own error of the same code is none of ours", () => {
    expect(thrown(() => process.kill(ABSENT))).not.toBeInstanceOf(SignalError)
  })

  test("a user's subclass asks the usual way", () => {
    class Mine extends SignalError {}
    const mine = new Mine('mine', { code: 'ESRCH', errno: -3, syscall: 'mine' })
    expect(mine).toBeInstanceOf(Mine)
    expect(mine).toBeInstanceOf(SignalError)
    expect(mine).not.toBeInstanceOf(NoSuchProcessError)
    expect(gone()).not.toBeInstanceOf(Mine)
    expect(undefined).not.toBeInstanceOf(Mine)
    class Deeper extends Mine {}
    expect(mine).not.toBeInstanceOf(Deeper)
  })
})

test('instanceof and isErrno work across copies of the package, both ways', async () => {
  const { pid } = await Receiver.start({ sigpending: 0 })
  const copy = requireCopy(copyPackage())
  expect(copy.NoSuchProcessError).not.toBe(NoSuchProcessError)
  const theirs = thrown(() => {
    copy.kill(ABSENT)
  })
  expect(Object.getPrototypeOf(theirs)).toBe(copy.NoSuchProcessError.prototype)
  expect(theirs).toBeInstanceOf(NoSuchProcessError)
  expect(theirs).toBeInstanceOf(SignalError)
  expect(theirs).not.toBeInstanceOf(ResourceLimitError)
  expect(isErrno(theirs, 'ESRCH')).toBe(true)
  expect(gone()).toBeInstanceOf(copy.NoSuchProcessError)
  expect(gone()).not.toBeInstanceOf(copy.PermissionDeniedError)
  expect(full(pid)).toBeInstanceOf(copy.ResourceLimitError)
  expect(copy.isErrno(gone(), 'ESRCH')).toBe(true)
})

describe('isErrno', () => {
  test('asks for the code of one of ours', () => {
    expect(isErrno(gone(), 'ESRCH')).toBe(true)
    expect(isErrno(gone(), 'EPERM')).toBe(false)
  })

  test.each([undefined, null, 'ESRCH', { code: 'ESRCH' }, Object.assign(new Error('no'), { code: 'ESRCH' })])(
    '%o is not',
    (value) => {
      expect(isErrno(value, 'ESRCH')).toBe(false)
    },
  )

  test('narrows the type', () => {
    const error: unknown = gone()
    if (!isErrno(error, 'ESRCH')) throw new Error('not narrowed')
    const code: 'ESRCH' = error.code
    expect([code, error.pid]).toEqual(['ESRCH', ABSENT])
  })
})

describe.each([
  ['as usual', []],
  ['with --frozen-intrinsics', ['--frozen-intrinsics', '--no-warnings']],
])('the stack, %s', (_name, flags) => {
  test("begins at the caller's own file, for every verb", async () => {
    const program = startNode('stack.mjs', { flags })
    const { frames, limitKept } = await program.next<{ frames: Record<string, string>; limitKept: boolean }>(
      'frames',
    )
    expect(Object.keys(frames)).toHaveLength(13)
    for (const [verb, frame] of Object.entries(frames))
      expect(frame, verb).toContain(fixturePath('stack.mjs'))
    expect(limitKept).toBe(true)
    expect(await program.ended()).toEqual({ code: 0, signal: null })
  })
})
