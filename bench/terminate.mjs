/**
 * Ending a tree of 10, 100 and 500 processes, from the call to the end of the last one: `terminate` against tree-kill,
 * fkill and pkill, and against a C program that walks and kills through pidfds. On the machine as it is, and with 1000
 * processes more that have nothing to do with it.
 *
 * tree-kill calls back before they have ended, fkill ends the root alone, pkill one generation: what they leave is
 * counted beside. The C program stops nobody, so it would lose a race with a tree that forks.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { report } from './report.mjs'
import { median } from './rounds.mjs'
import { inC, javascript } from './terminate/contestants.mjs'
import { compile, program } from './terminate/programs.mjs'

const SIZES = [10, 100, 500]
const ROUNDS = { 10: 41, 100: 15, 500: 7 }
const WARM_UP = 10
/** It starts a `ps` for every process: of 500, with 1000 more to list, once is enough. */
const PEER_ROUNDS = { 10: 5, 100: 2, 500: 1 }
const EXTRA = 1000

compile()
await measure('on the machine as it is', 0)
await measure(`with ${EXTRA} processes more`, EXTRA)

async function measure(when, extra) {
  const bystanders = spawn(program('bystanders'), [`${extra}`], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(bystanders.stdout, 'data')
  const figures = {}
  const survivors = {}
  const note = (name, { ns, survivors: left }) => {
    ;(figures[name] ??= []).push(...[ns].flat())
    ;(survivors[name] ??= []).push(left)
  }
  for (const size of SIZES) {
    for (let round = 0; round < WARM_UP; round++) await javascript.terminate(size)
    for (let round = 0; round < ROUNDS[size]; round++) {
      note(`terminate, ${size}`, await javascript.terminate(size))
      note(`C, ${size}`, inC(size))
      if (round >= PEER_ROUNDS[size]) continue
      for (const name of Object.keys(javascript).filter((one) => one !== 'terminate')) {
        note(`${name}, ${size}`, await javascript[name](size))
      }
    }
    // One figure a round for each, or the report would compare different rounds.
    const own = figures[`terminate, ${size}`]
    figures[`C, ${size}`] = own.map((_, round) =>
      median(figures[`C, ${size}`].slice(2 * round, 2 * round + 2)),
    )
  }
  for (const name of Object.keys(figures)) {
    if (!name.startsWith('terminate,') && !name.startsWith('C,')) figures[name] = [median(figures[name])]
  }
  const busy = extra > 0
  report(
    `Ending a tree ${when}`,
    Object.fromEntries(Object.entries(figures).map(([name, ns]) => [name, ns])),
    SIZES.flatMap((size) => [
      { call: `terminate, ${size}`, peer: `C, ${size}`, atMost: size === 10 ? 2.5 : 2 },
    ]),
    'ns',
  )
  const medians = Object.fromEntries(Object.entries(figures).map(([name, ns]) => [name, [median(ns)]]))
  report(
    `The same ${when}, against what npm and the shell have`,
    medians,
    SIZES.flatMap((size) => [
      {
        call: `terminate, ${size}`,
        peer: `tree-kill, ${size}`,
        ...(busy && size === 10 ? { timesFaster: 70 } : { timesFaster: 1 }),
      },
      { call: `terminate, ${size}`, peer: `fkill, the root alone, ${size}` },
      { call: `terminate, ${size}`, peer: `pkill -P, one generation, ${size}` },
    ]),
    'ns',
  )
  console.log('\nAlive when they say that they are done, of the most that were seen:')
  for (const [name, left] of Object.entries(survivors)) {
    if (!name.startsWith('C,')) console.log(`  ${name}: ${Math.max(...left)}`)
  }
  bystanders.stdin.end()
  await once(bystanders, 'exit')
}
