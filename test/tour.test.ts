/** What the README promises first: `npm start` runs to its end, each chapter on real processes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { packageRoot } from './helpers/addon.js'
import { within } from './helpers/deadline.js'

const sanitized = process.env.LD_PRELOAD !== undefined
const examples = join(packageRoot, 'examples')

test.skipIf(sanitized)('the tour runs to its end [needs a build without sanitizers]', async () => {
  const tour = spawn(process.execPath, [join(examples, 'tour.mjs')], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors, [code, signal]] = await within(
    Promise.all([text(tour.stdout), text(tour.stderr), once(tour, 'close') as Promise<unknown[]>]),
    'the end of the tour',
  )
  expect({ code, signal, errors }).toEqual({ code: 0, signal: null, errors: '' })
  const headings = output.split('\n').filter((line) => /^ {2}\d+\. /.test(line))
  expect(headings.length).toBeGreaterThanOrEqual(7)
  expect(output).toContain('NoSuchProcessError ESRCH')
  expect(output).toMatch(/nobody left of \d{2,}/)
  expect(output).toContain('1000 arrived, values 1 to 1000, in order')
})

test.skipIf(sanitized)(
  'two processes talk over real-time signals [needs a build without sanitizers]',
  async () => {
    expect(readdirSync(examples)).toContain('talk.mjs')
    const talk = spawn(process.execPath, [join(examples, 'talk.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output, [code]] = await within(
      Promise.all([text(talk.stdout), once(talk, 'close') as Promise<unknown[]>]),
      'the end of the talk',
    )
    expect(code).toBe(0)
    expect(output).toContain('3000000000 squared is 9000000000000000000')
  },
)
