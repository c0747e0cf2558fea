/** Thousands of handles on processes that end together: each is seen once, with its own code, and no thread is added for it. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startNode, startProgram } from './helpers/fixture.js'
import { exitInfo, NEEDS_EXIT_INFO } from './helpers/needs.js'
import { asNobody, isRoot, NEEDS_ROOT } from './helpers/privilege.js'

const COUNT = 4000
/** Where the number is not what matters. */
const FEW = 1000
const DESCRIPTORS = COUNT + 500

interface Tally {
  count: number
  pids: number
  wrong: unknown[]
  sources: Record<string, number>
}

interface Report {
  statuses: Tally
  states: string[]
  answers: number
  threads: [before: number, watching: number, after: number]
  cpu: number
  pidfds: number
}

/** Command prefix: with enough descriptors. */
const withDescriptors = ['sh', '-c', `ulimit -n ${DESCRIPTORS} && exec "$@"`, 'sh']

/** Why it cannot be done here; undefined when it can. */
function obstacle(): string | undefined {
  const [file, ...args] = [...withDescriptors, 'true'] as const
  if (spawnSync(file, args, { env: { PATH: process.env.PATH } }).status !== 0) {
    return `RLIMIT_NOFILE cannot be ${DESCRIPTORS}`
  }
  const processes = /^Max processes\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  if (!isRoot && Number(processes) < COUNT + 500) return `RLIMIT_NPROC is ${processes ?? 'unknown'}`
  return undefined
}

const reason = obstacle()
const CAN = `[needs ${DESCRIPTORS} descriptors and ${COUNT} processes]`
if (reason !== undefined) console.log(`${reason}: skipping what is marked ${CAN}`)

async function watchCrowd(
  count: number,
  wrapper: readonly string[] = [],
): Promise<{
  crowd: ReturnType<typeof startProgram>
  watcher: ReturnType<typeof startNode>
}> {
  const crowd = startProgram('crowd', [String(count)])
  const { pids } = await crowd.next<{ pids: number[] }>(`${count} processes`)
  const watcher = startNode('many-exits.mjs', { wrapper: [...withDescriptors, ...wrapper] })
  watcher.write(JSON.stringify({ pids }))
  expect(await watcher.next('the watch')).toEqual({ watching: true, pidfds: count })
  return { crowd, watcher }
}

const all = (count: number) => ({ count, pids: count, wrong: [] })

function check(count: number, { statuses, states, answers, threads, pidfds }: Report): void {
  expect(statuses).toMatchObject(all(count))
  expect(answers).toBe(2 * count)
  expect([states, pidfds]).toEqual([['gone'], 0])
  expect(Math.max(...threads) - threads[0]).toBeLessThanOrEqual(1)
}

test.runIf(reason === undefined && exitInfo)(`reaped as they end ${CAN} ${NEEDS_EXIT_INFO}`, async () => {
  const { crowd, watcher } = await watchCrowd(COUNT)
  crowd.write('end')
  crowd.write('reap')
  expect(await crowd.next('the reaps')).toEqual({ reaped: COUNT })
  const { exits } = await watcher.next<{ exits: Tally }>(`${COUNT} exits`)
  expect(exits).toMatchObject(all(COUNT))
  watcher.write('reaped')
  check(COUNT, await watcher.next<Report>(`${COUNT} statuses`))
})

test.runIf(reason === undefined)(`not reaped: every exit is known all the same ${CAN}`, async () => {
  const { crowd, watcher } = await watchCrowd(FEW)
  crowd.write('end')
  const { exits, states } = await watcher.next<{ exits: Tally; states: string[] }>(`${FEW} exits`)
  expect(exits).toMatchObject({ ...all(FEW), sources: { proc: FEW } })
  expect(states).toEqual(['zombie'])
  crowd.write('reap')
  expect(await crowd.next('the reaps')).toEqual({ reaped: FEW })
  watcher.write('reaped')
  check(FEW, await watcher.next<Report>(`${FEW} statuses`))
})

test.runIf(reason === undefined && exitInfo && isRoot)(
  `another user's, not reaped for a while: exits at once, every status after the reap ${CAN} ${NEEDS_EXIT_INFO} ${NEEDS_ROOT}`,
  async () => {
    const { crowd, watcher } = await watchCrowd(FEW, asNobody)
    crowd.write('end')
    const { exits, states } = await watcher.next<{ exits: Tally; states: string[] }>(`${FEW} exits`)
    // Nobody may be told yet, and nobody guesses.
    expect(exits).toMatchObject({ count: FEW, pids: FEW, sources: { null: FEW } })
    expect(states).toEqual(['zombie'])
    crowd.write('reap')
    expect(await crowd.next('the reaps')).toEqual({ reaped: FEW })
    watcher.write('reaped')
    const report = await watcher.next<Report>(`${FEW} statuses`)
    expect(report.statuses.sources).toEqual({ pidfd: FEW })
    check(FEW, report)
  },
)
