/** Runs the scenarios, or those that are named: every .mjs here that is not one of the modules they share. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

const shared = ['run', 'report', 'rounds', 'c-program']
const scenarios = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.slice(0, -'.mjs'.length))
  .filter((name) => !shared.includes(name))

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !scenarios.includes(name))
if (unknown.length > 0) {
  console.error(`No such scenario: ${unknown.join(', ')}. There are: ${scenarios.join(', ')}`)
  process.exit(2)
}

for (const name of wanted.length > 0 ? wanted : scenarios) {
  // A process each: what V8 has learnt in one scenario must not decide the next.
  const { status } = spawnSync(process.execPath, [`${import.meta.dirname}/${name}.mjs`], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
