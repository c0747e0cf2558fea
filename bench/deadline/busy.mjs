// busy.mjs MS: never does anything but spin. MS after a SIGTERM its deadline ends it by SIGKILL; without MS it has none.
import { writeSync } from 'node:fs'
import { onSignal } from '../../dist/index.mjs'

const [ms] = process.argv.slice(2).map(Number)
if (ms !== undefined) onSignal('SIGTERM', () => {}, { deadline: { ms, then: 'kill' } })
writeSync(1, '\n')
for (;;) continue
