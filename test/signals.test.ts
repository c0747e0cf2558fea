/** The table of signals, against bash and Node; names and numbers both ways; exit codes. */
import { constants } from 'node:os'
import { exitCodeOf, signalName, signalNumber, signals, type Signal, type SignalName } from 'sigkit'
import { describe, expect, test } from 'vitest'
import { bash } from './helpers/shell.js'
import { thrown } from './helpers/thrown.js'

/** bash's own table: [number, name]. */
function bashTable(): [number, string][] {
  const text = bash('kill -l')
  return [...text.matchAll(/(\d+)\) (\S+)/g)].map(([, number, name]) => [Number(number), String(name)])
}

describe('the table', () => {
  test('has every number from 1 to 64, in order', () => {
    expect(signals.map(({ number }) => number)).toEqual(Array.from({ length: 64 }, (_, index) => index + 1))
  })

  test("is bash's `kill -l`, number by number", () => {
    const named = signals.filter(({ name }) => name !== null).map(({ number, name }) => [number, name])
    expect(named).toEqual(bashTable())
    expect(named).toHaveLength(62)
  })

  test('agrees with os.constants.signals in every name and number', () => {
    for (const [name, number] of Object.entries(constants.signals)) {
      expect(signalNumber(name as Signal), name).toBe(number)
    }
    const nodes: readonly unknown[] = Object.keys(constants.signals)
    const standard = signals.filter(({ number }) => number < 32)
    for (const { name } of standard) expect(nodes).toContain(name)
  })

  test('marks 32 and 33, and only them, as reserved', () => {
    const reserved = signals.filter((info) => info.reserved)
    expect(reserved.map(({ number }) => number)).toEqual([32, 33])
    for (const info of reserved) {
      expect(info).toMatchObject({ name: null, aliases: [], catchable: false, realtime: false })
    }
  })

  test('marks 34 to 64, and only them, as real-time', () => {
    const realtime = signals.filter((info) => info.realtime).map(({ number }) => number)
    expect(realtime).toEqual(Array.from({ length: 31 }, (_, index) => index + 34))
  })

  test('marks as not catchable SIGKILL, SIGSTOP and what is reserved', () => {
    const uncatchable = signals.filter(({ catchable }) => !catchable).map(({ number }) => number)
    expect(uncatchable).toEqual([9, 19, 32, 33])
  })

  test('describes every signal', () => {
    for (const { description } of signals) expect(description).toMatch(/\S{3}/)
  })

  test('is frozen, to the bottom', () => {
    expect(Object.isFrozen(signals)).toBe(true)
    for (const info of signals) {
      expect(Object.isFrozen(info), String(info.name)).toBe(true)
      expect(Object.isFrozen(info.aliases), String(info.name)).toBe(true)
    }
  })
})

describe('names and numbers', () => {
  test('go both ways for every signal', () => {
    for (const { number, name } of signals) {
      if (name === null) continue
      expect(signalNumber(name)).toBe(number)
      expect(signalNumber(number)).toBe(number)
      expect(signalName(number)).toBe(name)
    }
  })

  test.each([
    ['SIGIOT', 6, 'SIGABRT'],
    ['SIGPOLL', 29, 'SIGIO'],
    ['SIGCLD', 17, 'SIGCHLD'],
  ])('the alias %s is accepted and never returned', (alias, number, name) => {
    expect(signalNumber(alias as Signal)).toBe(number)
    expect(signalName(number)).toBe(name)
    expect(signals.map((info) => String(info.name))).not.toContain(alias)
    expect(signals[number - 1]?.aliases).toEqual([alias])
  })

  test('real-time names count from either end, in both spellings', () => {
    for (let number = 34; number <= 64; number++) {
      const up: Signal = number === 34 ? 'SIGRTMIN' : `SIGRTMIN+${number - 34}`
      const down: Signal = number === 64 ? 'SIGRTMAX' : `SIGRTMAX-${64 - number}`
      expect(signalNumber(up)).toBe(number)
      expect(signalNumber(down)).toBe(number)
      expect(signalName(number)).toBe(number <= 49 ? up : down)
    }
  })

  test.each([
    ['sigterm', 'SIGTERM'],
    ['TERM', 'SIGTERM'],
    ['term', 'SIGTERM'],
    ['SIGTREM', 'SIGTERM'],
    ['SIGTERMM', 'SIGTERM'],
    [' SIGINT ', 'SIGINT'],
    ['RTMIN+3', 'SIGRTMIN+3'],
    ['sigrtmax-2', 'SIGRTMAX-2'],
    ['CLD', 'SIGCLD'],
    ['15', 'SIGTERM'],
    ['SIGRTMIN+0', 'SIGRTMIN'],
    ['SIGRTMAX-0', 'SIGRTMAX'],
    ['SIGRTMAX+0', 'SIGRTMAX'],
  ])('%s is unknown, and the error suggests %s', (wrong, right) => {
    const error = thrown(() => signalNumber(wrong as Signal))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.code).toBe('ERR_UNKNOWN_SIGNAL')
    expect(error.message).toContain(`did you mean '${right}'?`)
  })

  test.each([
    '',
    'SIG',
    'banana',
    '15',
    'SIGRTMIN+31',
    'SIGRTMAX-31',
    'SIGRTMIN+',
    'constructor',
    '__proto__',
  ])("'%s' is unknown", (wrong) => {
    expect(thrown(() => signalNumber(wrong as Signal)).code).toBe('ERR_UNKNOWN_SIGNAL')
  })

  test('what is like no signal gets no suggestion', () => {
    expect(thrown(() => signalNumber('banana' as Signal)).message).toBe("Unknown signal: 'banana'")
  })

  test.each([65, -1, 0, -0, 12.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32 + 15])(
    'number %s names no signal',
    (number) => {
      for (const call of [() => signalNumber(number), () => signalName(number)]) {
        expect(thrown(call)).toBeInstanceOf(TypeError)
        expect(thrown(call).code).toBe('ERR_UNKNOWN_SIGNAL')
      }
    },
  )

  test.each([32, 33])('number %i is reserved', (number) => {
    for (const call of [() => signalNumber(number), () => signalName(number)]) {
      expect(thrown(call)).toBeInstanceOf(TypeError)
      expect(thrown(call).code).toBe('ERR_SIGNAL_RESERVED')
    }
  })

  test.each([
    [undefined],
    [null],
    [15n],
    [true],
    [Symbol('SIGTERM')],
    [['SIGTERM']],
    [{ toString: () => 'SIGTERM' }],
  ])('%s is no signal by its type', (value) => {
    expect(thrown(() => signalNumber(value as Signal)).code).toBe('ERR_INVALID_ARG_TYPE')
    expect(thrown(() => signalName(value as number)).code).toBe('ERR_INVALID_ARG_TYPE')
  })

  test('signalName takes no name', () => {
    expect(thrown(() => signalName('SIGTERM' as unknown as number)).code).toBe('ERR_INVALID_ARG_TYPE')
  })
})

describe('exitCodeOf', () => {
  test.each([
    [{ code: 0, signal: null }, 0],
    [{ code: 255, signal: null }, 255],
    [{ code: null, signal: 'SIGINT' }, 130],
    [{ code: null, signal: 15 }, 143],
    [{ code: null, signal: 'SIGIOT' }, 134],
    [{ code: null, signal: 'SIGRTMAX' }, 192],
    [{ code: null, signal: 33 }, 161],
    [{ code: null, signal: 'SIG32' as SignalName }, 160],
  ] as const)('%o is %i', (exit, code) => {
    expect(exitCodeOf(exit)).toBe(code)
  })

  test("is what bash's $? says", () => {
    for (const signal of ['SIGTERM', 'SIGRTMIN+3'] as const) {
      const script = `(kill -${signalNumber(signal)} $BASHPID); echo $?`
      const code = bash(script)

      expect(exitCodeOf({ code: null, signal })).toBe(Number(code))
    }
  })

  test.each([
    [{ code: null, signal: null }, 'ERR_INVALID_ARG_VALUE'],
    [{ code: 256, signal: null }, 'ERR_OUT_OF_RANGE'],
    [{ code: -1, signal: null }, 'ERR_OUT_OF_RANGE'],
    [{ code: 1.5, signal: null }, 'ERR_OUT_OF_RANGE'],
    [{ code: NaN, signal: null }, 'ERR_OUT_OF_RANGE'],
    [{ code: '1', signal: null }, 'ERR_INVALID_ARG_TYPE'],
    [{ signal: null }, 'ERR_INVALID_ARG_TYPE'],
    [{ code: null, signal: 'SIGFOO' }, 'ERR_UNKNOWN_SIGNAL'],
    [{ code: null, signal: 'SIG65' }, 'ERR_UNKNOWN_SIGNAL'],
    [{ code: null, signal: 'SIG15' }, 'ERR_UNKNOWN_SIGNAL'],
    [{ code: null, signal: 0 }, 'ERR_UNKNOWN_SIGNAL'],
    [{ code: null, signal: 65 }, 'ERR_UNKNOWN_SIGNAL'],
    [{ code: null }, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [7, 'ERR_INVALID_ARG_TYPE'],
  ])('%o throws %s', (exit, code) => {
    expect(thrown(() => exitCodeOf(exit as { code: number; signal: null })).code).toBe(code)
  })
})
