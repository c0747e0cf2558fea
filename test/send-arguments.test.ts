/** Bad arguments: what is refused, what the refusal says, and that nothing is sent. */
import { kill, killAll, killpg, raise, sigqueue, tgkill, tryKill, type Signal } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { startNode } from './helpers/fixture.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { Receiver } from './helpers/receiver.js'
import { thrown, type Thrown } from './helpers/thrown.js'

// Every call here uses signal 0, or a target that is absent: should a check be missing, nobody is hurt.

describe('what would be a broadcast is refused, and named', () => {
  test.each([
    [0, 'killpg(getpgrp())'],
    [-0, 'killpg(getpgrp())'],
    [-1, 'killAll()'],
  ])('kill and tryKill of %s name %s', (pid, alternative) => {
    for (const call of [
      () => {
        kill(pid, 0)
      },
      () => tryKill(pid, 0),
    ]) {
      const error = thrown(call)
      expect(error).toBeInstanceOf(RangeError)
      expect(error.code).toBe('ERR_OUT_OF_RANGE')
      expect(error.message).toContain(alternative)
      expect(error.message).toContain(`Received ${Object.is(pid, -0) ? '-0' : pid}`)
    }
  })

  test.each([
    [0, 'killpg(getpgrp())'],
    [-0, 'killpg(getpgrp())'],
    [1, "PidFd.open(1).send(signal, { scope: 'group' })"],
    [1, 'killAll()'],
  ])('killpg of %s names %s', (pgid, alternative) => {
    const error = thrown(() => {
      killpg(pgid, 0)
    })
    expect(error).toBeInstanceOf(RangeError)
    expect(error.code).toBe('ERR_OUT_OF_RANGE')
    expect(error.message).toContain(alternative)
  })

  test('killAll has no default signal', () => {
    expect(
      thrown(() => {
        killAll(undefined as never)
      }).code,
    ).toBe('ERR_INVALID_ARG_TYPE')
  })
})

describe('ranges', () => {
  test.each([-2147483648, 2147483648, 2 ** 32 + 1, 1.5, -2.5, NaN, Infinity, -Infinity, 2 ** 53])(
    'pid %s is out of range for kill and tryKill',
    (pid) => {
      expect(
        thrown(() => {
          kill(pid, 0)
        }).code,
      ).toBe('ERR_OUT_OF_RANGE')
      expect(thrown(() => tryKill(pid, 0)).code).toBe('ERR_OUT_OF_RANGE')
    },
  )

  test.each([-2147483647, 2147483647])('pid %i is within it: the kernel answers', (pid) => {
    expect(tryKill(pid, 0)).toBe('ESRCH')
  })

  test.each([-1, -2, 0, -0, 1.5, NaN, 2 ** 31, -(2 ** 31)])('%s is no pid for tgkill and sigqueue', (pid) => {
    expect(
      thrown(() => {
        tgkill(pid, ABSENT, 0)
      }).code,
    ).toBe('ERR_OUT_OF_RANGE')
    expect(
      thrown(() => {
        tgkill(ABSENT, pid, 0)
      }).code,
    ).toBe('ERR_OUT_OF_RANGE')
    expect(
      thrown(() => {
        sigqueue(pid, 0, 1)
      }).code,
    ).toBe('ERR_OUT_OF_RANGE')
  })

  test.each([-1, -2, 1.5, NaN, 2 ** 31, -(2 ** 31)])('%s is no group for killpg', (pgid) => {
    expect(
      thrown(() => {
        killpg(pgid, 0)
      }).code,
    ).toBe('ERR_OUT_OF_RANGE')
  })

  test.each([2n ** 64n, -(2n ** 63n) - 1n, 2 ** 53, -(2 ** 53), 0.5, NaN, Infinity])(
    'value %s is out of range',
    (value) => {
      expect(
        thrown(() => {
          sigqueue(ABSENT, 0, value)
        }),
      ).toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' })
    },
  )

  test.each([['7'], [null], [undefined], [true], [{}], [Symbol('7')]])(
    'value %s is none by its type',
    (value) => {
      expect(
        thrown(() => {
          sigqueue(ABSENT, 0, value as never)
        }).code,
      ).toBe('ERR_INVALID_ARG_TYPE')
    },
  )
})

describe('types', () => {
  const pids: unknown[] = [
    '123',
    '',
    null,
    undefined,
    123n,
    true,
    [123],
    { pid: 123 },
    { valueOf: () => 123 },
    Symbol('123'),
    () => 123,
  ]

  test.each(pids.map((pid) => [pid]))('%s is no pid', (bad) => {
    const pid = bad as number
    for (const call of [
      () => {
        kill(pid, 0)
      },
      () => tryKill(pid, 0),
      () => {
        killpg(pid, 0)
      },
      () => {
        tgkill(pid, ABSENT, 0)
      },
      () => {
        tgkill(ABSENT, pid, 0)
      },
      () => {
        sigqueue(pid, 0, 1)
      },
    ]) {
      expect(thrown(call)).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    }
  })

  test.each([
    ['TERM', 'ERR_UNKNOWN_SIGNAL'],
    ['15', 'ERR_UNKNOWN_SIGNAL'],
    ['', 'ERR_UNKNOWN_SIGNAL'],
    [65, 'ERR_UNKNOWN_SIGNAL'],
    [-1, 'ERR_UNKNOWN_SIGNAL'],
    [0.5, 'ERR_UNKNOWN_SIGNAL'],
    [NaN, 'ERR_UNKNOWN_SIGNAL'],
    [32, 'ERR_SIGNAL_RESERVED'],
    [33, 'ERR_SIGNAL_RESERVED'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [15n, 'ERR_INVALID_ARG_TYPE'],
    [{ toString: () => 'SIGTERM' }, 'ERR_INVALID_ARG_TYPE'],
  ])('signal %o: %s from every verb', (bad, code) => {
    const signal = bad as Signal
    for (const call of [
      () => {
        kill(ABSENT, signal)
      },
      () => tryKill(ABSENT, signal),
      () => {
        killpg(ABSENT, signal)
      },
      () => {
        tgkill(ABSENT, ABSENT, signal)
      },
      () => {
        sigqueue(ABSENT, signal, 1)
      },
      () => {
        raise(signal)
      },
    ]) {
      expect(thrown(call)).toMatchObject({ name: 'TypeError', code })
    }
  })

  test.each([
    [
      'toStringTag',
      {
        get [Symbol.toStringTag]() {
          throw new Error('a getter ran')
        },
      },
    ],
    [
      'toPrimitive',
      {
        [Symbol.toPrimitive]() {
          throw new Error('toPrimitive ran')
        },
      },
    ],
    [
      'constructor',
      {
        get constructor() {
          throw new Error('a getter ran')
        },
      },
    ],
    [
      'an error whose stack throws',
      Object.defineProperty(new Error('no'), 'stack', {
        get() {
          throw new Error('a getter ran')
        },
      }),
    ],
  ])('no code of the value itself runs: %s', (_name, hostile) => {
    const errors: Thrown[] = [
      thrown(() => {
        kill(hostile as never, 0)
      }),
      thrown(() => {
        kill(ABSENT, hostile as never)
      }),
      thrown(() => {
        sigqueue(ABSENT, 0, hostile as never)
      }),
    ]
    expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'ERR_INVALID_ARG_TYPE'))
  })

  test('a long value is shown short', () => {
    expect(
      thrown(() => {
        kill('9'.repeat(10_000) as never, 0)
      }).message.length,
    ).toBeLessThan(300)
  })
})

test('one bad argument among good ones: nothing is sent', async () => {
  const receiver = await Receiver.start()
  const { pid } = receiver
  for (const call of [
    () => {
      kill(pid, 'TERM' as Signal)
    },
    () => {
      kill(String(pid) as never, 'SIGTERM')
    },
    () => tryKill(pid + 0.5, 'SIGTERM'),
    () => tryKill(pid + 2 ** 32, 'SIGTERM'),
    () => {
      tgkill(pid, NaN, 'SIGTERM')
    },
    () => {
      sigqueue(pid, 'SIGRTMIN', 2n ** 64n)
    },
    () => {
      sigqueue(pid, 'SIGRTMIN', 0.5)
    },
  ]) {
    thrown(call)
  }
  expect(await receiver.drain()).toEqual([])
})

interface FuzzReport {
  rounds: number
  codes: Record<string, number>
  failures: unknown[]
  received: number[]
  caught: number
}

test.runIf(canNamespace)(`10 000 bad arguments at random ${NEEDS_NAMESPACE}`, async () => {
  const seed = Number(process.env.SIGKIT_FUZZ_SEED ?? Date.now() % 2 ** 31)
  const program = startNode('fuzz.mjs', {
    wrapper: inNamespace,
    detached: true,
    args: [String(seed), '10000'],
  })
  const report = await program.next<FuzzReport>(`the report of SIGKIT_FUZZ_SEED=${seed}`)
  expect(report, `SIGKIT_FUZZ_SEED=${seed}`).toMatchObject({
    rounds: 10_000,
    failures: [],
    received: [],
    caught: 0,
  })
  const codes = ['ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE', 'ERR_SIGNAL_RESERVED', 'ERR_UNKNOWN_SIGNAL']
  expect(Object.keys(report.codes).sort()).toEqual(codes)
})
