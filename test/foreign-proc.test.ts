/** A /proc of another pid namespace: its numbers are other processes, so nothing is read from it. */
import { expect, test } from 'vitest'
import { inOwnProcess } from './helpers/own-process.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'

test.runIf(canNamespace)(`a /proc of another pid namespace is refused ${NEEDS_NAMESPACE}`, async () => {
  const told = await inOwnProcess(
    async ({ sigkit, spawn, caught, plainEnvironment }) => {
      const own = spawn('sleep', ['1000'], { env: plainEnvironment })
      const { pid = 0 } = own
      const calls = {
        list: () => sigkit.listProcesses(),
        get: () => sigkit.getProcess(pid),
        children: () => sigkit.children(process.pid),
        descendants: () => sigkit.descendants(process.pid),
        find: () => sigkit.findProcesses({ name: 'sleep' }),
        port: () => sigkit.findProcesses({ port: 1 }),
        tree: () => sigkit.terminate(pid, { tree: true }),
        group: () => sigkit.terminate(pid, { group: true }),
        cgroup: () => sigkit.terminate(pid, { cgroup: true }),
      }
      const errors: [string, string][] = []
      for (const [name, call] of Object.entries(calls)) errors.push([name, (await caught(call)).name])
      const alive = sigkit.liveness(own)
      // By the handle alone: no number of /proc is asked.
      const { processes } = await sigkit.terminate(own, { grace: 0 })
      return { errors, alive, outcomes: processes.map(({ outcome }) => outcome) }
    },
    null,
    { wrapper: inNamespace.filter((word) => word !== '--mount-proc') },
  )
  expect(told.errors.filter(([name, error]) => error !== 'UnsupportedError' && name !== 'group')).toEqual([])
  expect(told.errors).toHaveLength(9)
  expect(told.alive).toBe('alive')
  expect(told.outcomes).toEqual(['killed'])
})
