/** All that sigkit/syscalls asks of an argument: 32 bits, or 64 for a value, and the right type. */
import * as syscalls from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { thrown } from './helpers/thrown.js'

const self = process.pid

describe('arguments', () => {
  const calls: Record<string, (bad: never) => unknown> = {
    'kill pid': (bad) => {
      syscalls.kill(bad, 0)
    },
    'kill signal': (bad) => {
      syscalls.kill(self, bad)
    },
    'killpg pgid': (bad) => {
      syscalls.killpg(bad, 0)
    },
    'killpg signal': (bad) => {
      syscalls.killpg(ABSENT, bad)
    },
    'tgkill tgid': (bad) => {
      syscalls.tgkill(bad, self, 0)
    },
    'tgkill tid': (bad) => {
      syscalls.tgkill(self, bad, 0)
    },
    'tgkill signal': (bad) => {
      syscalls.tgkill(self, self, bad)
    },
    'raise signal': (bad) => {
      syscalls.raise(bad)
    },
    'sigqueue pid': (bad) => {
      syscalls.sigqueue(bad, 0, 1)
    },
    'sigqueue signal': (bad) => {
      syscalls.sigqueue(self, bad, 1)
    },
    'rtTgsigqueueinfo tgid': (bad) => {
      syscalls.rtTgsigqueueinfo(bad, self, 0, {})
    },
    'rtTgsigqueueinfo tid': (bad) => {
      syscalls.rtTgsigqueueinfo(self, bad, 0, {})
    },
    'rtTgsigqueueinfo signal': (bad) => {
      syscalls.rtTgsigqueueinfo(self, self, bad, {})
    },
    'getpgid pid': (bad) => syscalls.getpgid(bad),
    'getsid pid': (bad) => syscalls.getsid(bad),
    'setpgid pid': (bad) => {
      syscalls.setpgid(bad, 0)
    },
    'setpgid pgid': (bad) => {
      syscalls.setpgid(ABSENT, bad)
    },
    'rtTgsigqueueinfo info.code': (bad) => {
      syscalls.rtTgsigqueueinfo(self, self, 0, { code: bad })
    },
  }

  test.each(Object.keys(calls))('%s: 32 bits are all that is asked', (name) => {
    const call = (bad: unknown): unknown => calls[name]?.(bad as never)
    for (const bad of [2 ** 31, -(2 ** 31) - 1, 1.5, NaN, Infinity, 2 ** 32 + 1]) {
      expect(thrown(() => call(bad)).code, String(bad)).toBe('ERR_OUT_OF_RANGE')
    }
    for (const bad of [1n, null, true, [1], { valueOf: () => 1 }, Symbol('1')]) {
      expect(thrown(() => call(bad)).code, typeof bad).toBe('ERR_INVALID_ARG_TYPE')
    }
    const text = name.endsWith('signal') ? 'ERR_UNKNOWN_SIGNAL' : 'ERR_INVALID_ARG_TYPE'
    expect(thrown(() => call('1')).code).toBe(text)
  })

  test.each([2 ** 53, 1.5, NaN, 2n ** 64n, -(2n ** 63n) - 1n])('value %s is out of range', (value) => {
    expect(
      thrown(() => {
        syscalls.sigqueue(self, 0, value)
      }).code,
    ).toBe('ERR_OUT_OF_RANGE')
    expect(
      thrown(() => {
        syscalls.rtTgsigqueueinfo(self, self, 0, { value })
      }).code,
    ).toBe('ERR_OUT_OF_RANGE')
  })

  test.each([undefined, null, 5, 'info'])('info %s is no info', (info) => {
    const call = (): void => {
      syscalls.rtTgsigqueueinfo(self, self, 0, info as never)
    }
    expect(thrown(call).code).toBe('ERR_INVALID_ARG_TYPE')
  })
})
