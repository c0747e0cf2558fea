/** Every number, against the C headers: test/fixtures/constants.c prints them. */
import * as sigkit from 'sigkit'
import * as syscalls from 'sigkit/syscalls'
import { expect, test } from 'vitest'
import { startProgram } from './helpers/fixture.js'

test('the constants are those of the C headers', async () => {
  const headers = await startProgram('constants').next<Record<string, number>>('constants')
  const ours = Object.entries(syscalls).filter(([, value]) => typeof value === 'number')
  expect(ours.length).toBeGreaterThanOrEqual(8)
  for (const [name, value] of ours) expect(value, name).toBe(headers[name])
  const names = Object.keys(headers).filter((name) => name.startsWith('SIG'))
  expect(names).toHaveLength(36)
  for (const name of names) expect(sigkit.signalNumber(name as sigkit.Signal), name).toBe(headers[name])
})
