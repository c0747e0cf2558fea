/**
 * Trees that fork while they are being ended: nobody survives, RUNS times over; and how many survive tree-kill in the
 * same storm, counted beside it.
 *
 * SIGKIT_STORM_RUNS: how often, 10 unless said otherwise; fewer under a sanitizer.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { terminate } from 'sigkit'
import { afterAll, describe, expect, test } from 'vitest'
import { within } from './helpers/deadline.js'
import { plainEnvironment, programPath, startNode } from './helpers/fixture.js'
import { sanitized } from './helpers/load.js'
import { isRoot } from './helpers/privilege.js'

const RUNS = Number(process.env.SIGKIT_STORM_RUNS ?? (sanitized ? 3 : 10))
const PEER_RUNS = RUNS > 10 ? 3 : 1
/** It starts a ps for every process, and a storm may be faster. */
const PEER_PATIENCE_MS = 5000

/** A uid that nobody else has, so that the limit of processes counts this bomb alone. */
const asBomber = (): string[] => ['setpriv', `--reuid=${64_000 + storms}`, '--clear-groups']

function processesOf(uid: number): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/status`, 'latin1').includes(`\nUid:\t${uid}\t`)
    } catch {
      return false
    }
  }).length
}

/** Of the bomb: of its user as a whole. */
function bombLimit(): number {
  return 100 + (isRoot ? 0 : processesOf(process.getuid?.() ?? 0))
}

/** The peer gets less to do: it would start a ps for each of thousands. */
const FORKS = 3000
const PEER_FORKS = 150

/** Everybody with this token in the command line who has not ended. */
function left(token: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(token)
        return isOurs && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
      } catch {
        return false
      }
    })
}

/** Stops each, then kills each, until nobody is left. */
function sweep(token: string): void {
  for (let pids = left(token); pids.length > 0; pids = left(token)) {
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
      for (const pid of pids) {
        try {
          process.kill(pid, signal)
        } catch {
          // ended meanwhile
        }
      }
    }
  }
}

let storms = 0

async function startStorm(
  kind: string,
  forks: number,
  detached: boolean,
): Promise<{ pid: number; token: string }> {
  const limit = String(kind === 'bomb' ? bombLimit() : forks)
  const token = `storm-${process.pid}-${storms++}`
  const wrapper = kind === 'bomb' && isRoot ? asBomber() : []
  const [file, ...args] = [...wrapper, programPath('fork-storm'), kind, token, limit]
  const root = spawn(file, args, {
    detached,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: plainEnvironment,
  })
  await within(once(root.stdout, 'data'), `the storm ${kind}`)
  root.stdout.destroy()
  if (root.pid === undefined) throw new Error('the storm did not start')
  return { pid: root.pid, token }
}

const survivors: Record<string, string> = {}

afterAll(() => {
  console.log(`survivors of each run: ${JSON.stringify(survivors)}`)
})

describe.each([
  ['steady', 'a process that forks every 2 ms, with session leaders and forking children', 5000, true],
  ['respawn', 'a parent that ignores SIGTERM and replaces its children', 60, true],
  ['orphans', 'a double fork every 2 ms, every second into a group of its own', 5000, true],
  ['bomb', 'a fork bomb under a limit of processes', 5000, true],
  // Whoever is not found as a descendant has escaped: there is no session to find it by.
  ['steady', 'the same in the session of the caller', 5000, false],
  ['respawn', 'the same in the session of the caller', 60, false],
  ['bomb', 'the same in the session of the caller', 5000, false],
] as const)('%s: %s', (kind, _what, grace, detached) => {
  const label = `${kind}${detached ? '' : ' (own session)'}`
  test(`nobody survives, ${RUNS} times`, { timeout: 300_000 }, async () => {
    const left_: number[] = []
    const sizes: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const { pid, token } = await startStorm(kind, FORKS, detached)
      try {
        const { complete, processes } = await within(terminate(pid, { tree: true, grace }), 'the end')
        const alive = left(token)
        left_.push(alive.length)
        expect(alive, `run ${run}`).toEqual([])
        expect(complete).toBe(true)
        expect(processes.length).toBeGreaterThan(10)
        sizes.push(processes.length)
        const outcomes = new Set(processes.map(({ outcome }) => outcome))
        outcomes.delete('killed')
        // One that was ended by another member, while it was being found.
        outcomes.delete('already-gone')
        expect([...outcomes]).toEqual([])
      } finally {
        sweep(token)
      }
    }
    // Caught, and did not come to its own end. Not each of them: a storm doubles every 50 ms or so, and on a full machine
    // we may be without a CPU for that long.
    sizes.sort((a, b) => a - b)
    expect(sizes[Math.floor((RUNS - 1) * 0.8)]).toBeLessThan(FORKS / 2)
    survivors[`${label}, terminate`] = `${left_.reduce((sum, count) => sum + count, 0)} in ${RUNS} runs`
  })

  // Where the bomb is of our own user, no ps can be started either; and ps hangs under a sanitizer of ours.
  test.skipIf(sanitized || !detached || (kind === 'bomb' && !isRoot))(
    `the peer: tree-kill, ${PEER_RUNS} times`,
    { timeout: 300_000 },
    async () => {
      const counts: number[] = []
      for (let run = 0; run < PEER_RUNS; run++) {
        const peer = startNode('tree-kill.mjs', { detached: true })
        await peer.next('the peer')
        const { pid, token } = await startStorm(kind, PEER_FORKS, detached)
        try {
          peer.write(String(pid))
          await Promise.race([peer.next('its end'), pause(PEER_PATIENCE_MS)])
          process.kill(-peer.pid, 'SIGKILL')
          await peer.ended()
          counts.push(left(token).length)
        } finally {
          sweep(token)
        }
      }
      survivors[`${label}, tree-kill`] = counts.join(', ')
      expect(counts).toHaveLength(PEER_RUNS)
    },
  )
})

// As when a second Ctrl-C comes while the first is being served: what one stops, another continues.
test.each([
  ['steady', 5000],
  ['respawn', 60],
  ['orphans', 5000],
] as const)('%s: three terminations at once, nobody survives', async (kind, grace) => {
  for (let run = 0; run < RUNS; run++) {
    const { pid, token } = await startStorm(kind, FORKS, true)
    try {
      const reports = await within(
        Promise.all(Array.from({ length: 3 }, () => terminate(pid, { tree: true, grace }))),
        'the three ends',
      )
      expect(left(token), `run ${run}`).toEqual([])
      expect(reports.map(({ complete }) => complete)).toEqual([true, true, true])
    } finally {
      sweep(token)
    }
  }
})
