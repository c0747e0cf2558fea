/** What reaches many at once, each in a pid namespace of its own. */
import { describe, expect, test } from 'vitest'
import { broadcast } from './helpers/broadcast.js'
import { canNamespace, isRoot, NEEDS_NAMESPACE, NEEDS_ROOT, NOBODY } from './helpers/privilege.js'

const SIGUSR2 = 12

describe.runIf(canNamespace)(`the own group ${NEEDS_NAMESPACE}`, () => {
  test.each([
    ['kill', 0],
    ['killpg', 0],
  ])('syscalls.%s(%i) reaches every member, the caller included, and no other group', async (name, pid) => {
    expect(await broadcast(0, 'sigkit/syscalls', name, pid, 'SIGUSR2')).toEqual({
      sender: { answer: 'done', got: 1 },
      init: 1,
      sameGroup: [SIGUSR2],
      otherGroup: [],
    })
  })

  test('syscalls.kill(0, 0) succeeds and sends nothing', async () => {
    const reached = await broadcast(0, 'sigkit/syscalls', 'kill', 0, 0)
    expect(reached).toEqual({ sender: { answer: 'done', got: 0 }, init: 0, sameGroup: [], otherGroup: [] })
  })
})

describe.runIf(canNamespace)(`everything ${NEEDS_NAMESPACE}`, () => {
  test.each([
    ['sigkit', 'killAll', ['SIGUSR2']],
    ['sigkit/syscalls', 'kill', [-1, 'SIGUSR2']],
    ['sigkit/syscalls', 'killpg', [1, 'SIGUSR2']],
  ] as const)('%s %s(%j) reaches all but PID 1 and the caller', async (module, name, args) => {
    expect(await broadcast(0, module, name, ...args)).toEqual({
      sender: { answer: 'done', got: 0 },
      init: 0,
      sameGroup: [SIGUSR2],
      otherGroup: [SIGUSR2],
    })
  })

  test.each([
    ['kill', [0, 'SIGUSR2']],
    ['kill', [-1, 'SIGUSR2']],
    ['tryKill', [-1, 'SIGUSR2']],
    ['killpg', [0, 'SIGUSR2']],
    ['killpg', [1, 'SIGUSR2']],
  ] as const)('sigkit.%s(%j) is refused and reaches nobody', async (name, args) => {
    expect(await broadcast(0, 'sigkit', name, ...args)).toEqual({
      sender: { answer: 'ERR_OUT_OF_RANGE', got: 0 },
      init: 0,
      sameGroup: [],
      otherGroup: [],
    })
  })
})

describe.runIf(isRoot && canNamespace)(`without permission ${NEEDS_ROOT}`, () => {
  const nobody = { init: 0, sameGroup: [], otherGroup: [] }

  test.each([
    ['sigkit', 'killAll', ['SIGUSR2']],
    ['sigkit/syscalls', 'kill', [-1, 'SIGUSR2']],
  ] as const)('%s %s(%j) is a success even where all refuse', async (module, name, args) => {
    expect(await broadcast(NOBODY, module, name, ...args)).toEqual({
      sender: { answer: 'done', got: 0 },
      ...nobody,
    })
  })

  test('kill(0) reaches the caller alone', async () => {
    const reached = await broadcast(NOBODY, 'sigkit/syscalls', 'kill', 0, 'SIGUSR2')
    expect(reached).toEqual({ sender: { answer: 'done', got: 1 }, ...nobody })
  })
})
