/** On what is not Linux: a Node program that is told so before it imports sigkit. The kernel beneath is still real. */
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { fixturePath, startNode } from './helpers/fixture.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { Receiver, type Received } from './helpers/receiver.js'

interface Outcome {
  name: string
  code: string
  message: string
}

interface Report {
  platform: string
  supported: boolean
  sameInstance: boolean
  signals: [number, string][]
  number: number
  name: string
  works: Record<string, unknown>
  fails: Record<string, Outcome>
  tryKill: string
  isOurs: boolean
  refused: Outcome
  unavailable: Record<string, Outcome>
  exitListeners: number
}

const flags = ['--import', fixturePath('darwin.mjs')]

async function run(): Promise<{ report: Report; received: Received[] }> {
  const receiver = await Receiver.start({ detached: true })
  const program = startNode('elsewhere.mjs', { flags, args: [String(receiver.pid)] })
  const report = await program.next<Report>('the report')
  return { report, received: await receiver.drain() }
}

describe('off Linux', () => {
  test('it imports and requires, as one instance, and says that it is not supported', async () => {
    const { report } = await run()
    expect(report).toMatchObject({ platform: 'darwin', supported: false, sameInstance: true })
  })

  test('kill, tryKill and killpg send', async () => {
    const { report, received } = await run()
    const nothing = { kill: null, required: null, probe: null, tryKill: null, group: null, killpg: null }
    expect(report.works).toEqual(nothing)
    const { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2 } = constants.signals
    expect(received.map(({ signo }) => signo)).toEqual([SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2])
  })

  test('errors are typed, and the dangerous targets are refused', async () => {
    const { report } = await run()
    const gone = { name: 'NoSuchProcessError', code: 'ESRCH', errno: -3, signal: 'SIGTERM' }
    expect(report.fails).toMatchObject({ kill: gone, killpg: gone })
    expect(report).toMatchObject({ tryKill: 'ESRCH', isOurs: true, refused: { code: 'ERR_OUT_OF_RANGE' } })
  })

  test('the table has what this Node knows', async () => {
    const { report } = await run()
    expect(report).toMatchObject({ number: 15, name: 'SIGKILL' })
    const numbers = [...new Set(Object.values(constants.signals))].sort((a, b) => a - b)
    expect(report.signals.map(([number]) => number)).toEqual(numbers)
  })

  test('everything else says that it is unavailable, and does nothing', async () => {
    const { report } = await run()
    for (const [name, outcome] of Object.entries(report.unavailable)) {
      expect(outcome, name).toMatchObject({ name: 'TypeError', code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' })
      expect(outcome.message, name).toContain('darwin')
    }
    expect(Object.keys(report.unavailable)).toHaveLength(18)
  })

  test('an exitBySignal that is unavailable has not run the exit listeners', async () => {
    const { report } = await run()
    expect(report.unavailable.exitBySignal).toMatchObject({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' })
    expect(report.exitListeners).toBe(0)
  })

  test.runIf(canNamespace)(`killAll is unavailable, and reaches nobody ${NEEDS_NAMESPACE}`, async () => {
    const program = startNode('elsewhere.mjs', {
      flags,
      args: ['2147483645'],
      wrapper: inNamespace,
      detached: true,
    })
    const report = await program.next<Report>('the report')
    expect(report.unavailable.killAll).toMatchObject({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' })
  })
})
