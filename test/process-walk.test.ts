/** children and descendants: against ps, where the kernel has no lists, and when a number changes hands meanwhile. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { children, descendants, getProcess, liveness, PidFd, ProcessRef, type ProcessEntry } from 'sigkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { blockUntil } from './helpers/deadline.js'
import { plainEnvironment, programPath, startProgram } from './helpers/fixture.js'
import { sanitized } from './helpers/load.js'
import { OwnChild } from './helpers/own-child.js'
import { inOwnProcess } from './helpers/own-process.js'
import { canNamespace, inNamespace, NEEDS_NAMESPACE } from './helpers/privilege.js'
import { stateOf } from './helpers/process-status.js'
import { Program } from './helpers/program.js'
import { thrown } from './helpers/thrown.js'

/** A shell with two children, one of which has two of its own, the other one. */
async function startTree(): Promise<Program> {
  const leaf = 'sleep 1000 & sleep 1000 & wait'
  const script = `(${leaf}) & (sleep 1000; true) & until [ "$(ps -s $$ -o pid= | wc -l)" -ge 8 ]; do :; done; echo '"ready"'; wait`
  const program = new Program(['sh', '-c', script], { detached: true, env: plainEnvironment })
  onTestFinished(() => {
    spawnSync('kill', ['-KILL', '--', `-${program.pid}`], { env: plainEnvironment })
  })
  await program.next('the tree')
  return program
}

const pidsOf = (entries: readonly ProcessEntry[]): number[] =>
  entries.map(({ pid }) => pid).sort((a, b) => a - b)

/** What ps says, which lists every process of the machine. */
function byPs(root: number): { children: number[]; descendants: number[] } {
  const rows = String(spawnSync('ps', ['-eo', 'pid=,ppid='], { env: plainEnvironment }).stdout)
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number) as [number, number])
  const childrenOf = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).map(([pid]) => pid)
  const all = [...childrenOf(root)]
  for (const pid of all) all.push(...childrenOf(pid))
  const sorted = (pids: number[]): number[] => pids.sort((a, b) => a - b)
  return { children: sorted(childrenOf(root)), descendants: sorted(all) }
}

describe('a tree', () => {
  test('is what ps sees, with all that an entry has', async () => {
    const { pid } = await startTree()
    const wanted = byPs(pid)
    expect(wanted.children).toHaveLength(2)
    expect(wanted.descendants).toHaveLength(5)
    blockUntil(() => wanted.descendants.every((one) => stateOf(one) === 'S'), 'the tree to be asleep')
    const found = descendants(pid)
    expect(pidsOf(children(pid))).toEqual(wanted.children)
    expect(pidsOf(found)).toEqual(wanted.descendants)
    // Parents first.
    const order = [pid, ...found.map((entry) => entry.pid)]
    for (const entry of found) expect(order.indexOf(entry.ppid)).toBeLessThan(order.indexOf(entry.pid))
    const sleeper = found.find(({ comm }) => comm === 'sleep')
    expect(sleeper).toMatchObject({ argv: ['sleep', '1000'], sid: pid, state: 'S', uid: process.geteuid?.() })
    expect(sleeper?.identity.equals(ProcessRef.of(sleeper.pid))).toBe(true)
  })

  test('starts at every kind of target', async () => {
    const { pid } = await startTree()
    const wanted = pidsOf(descendants(pid))
    using handle = PidFd.open(pid)
    const [entry] = children(process.pid).filter((one) => one.pid === pid)
    for (const target of [{ pid }, handle, ProcessRef.of(pid), entry ?? 0])
      expect(pidsOf(descendants(target))).toEqual(wanted)
  })

  test('has what other threads than the main one have forked', async () => {
    const program = startProgram('thread-children', ['5'])
    const report = await program.next<{ children: number[] }>('the children')
    expect(pidsOf(children(program.pid))).toEqual(report.children.sort((a, b) => a - b))
  })

  test('has zombies, and they have no children', async () => {
    const own = await OwnChild.start('exit', '0')
    own.becomeZombie()
    expect(children(process.pid).find(({ pid }) => pid === own.pid)).toMatchObject({ state: 'Z' })
    expect(children(own.pid)).toEqual([])
  })

  test.skipIf(sanitized)(
    'is whole without lists of the kernel [needs a build without sanitizers]',
    async () => {
      const { pid } = await startTree()
      const found = await inOwnProcess(
        ({ sigkit }, root: number) => {
          const numbers = (entries: { pid: number }[]): number[] =>
            entries.map((one) => one.pid).sort((a, b) => a - b)
          return {
            lists: sigkit.features().procChildren,
            children: numbers(sigkit.children(root)),
            descendants: numbers(sigkit.descendants(root)),
          }
        },
        pid,
        { wrapper: ['env', `LD_PRELOAD=${programPath('no-children.so')}`] },
      )
      expect(found).toEqual({ lists: false, ...byPs(pid) })
    },
  )

  test('does not cost what the machine costs', async () => {
    const { pid } = await startTree()
    const { opens } = await inOwnProcess(({ sigkit, readFileSync: read }, root: number) => {
      // Every file that is opened is read, and the kernel counts the reads.
      const reads = (): number => Number(/^syscr: (\d+)/m.exec(read('/proc/self/io', 'utf8'))?.[1])
      sigkit.descendants(root)
      const before = reads()
      for (let i = 0; i < 10; i++) sigkit.descendants(root)
      return { opens: (reads() - before) / 10 }
    }, pid)
    // Five processes with four files each, six lists, and some for the directories.
    expect(opens).toBeLessThan(60)
  })
})

describe('the optional fields', () => {
  test('are there when they are used, and in every copy', async () => {
    const { pid } = await startTree()
    const [child] = children(pid)
    const whole = getProcess(child ?? 0)
    const varying = { state: expect.any(String) as string, rss: expect.any(Number) as number }
    const fresh = (): ProcessEntry => children(pid)[0] ?? expect.unreachable()
    expect(fresh().argv).toEqual(whole?.argv)
    expect(fresh()).toMatchObject({ exe: whole?.exe, user: whole?.user, cgroup: whole?.cgroup })
    expect({ ...fresh() }).toEqual({ ...whole, ...varying })
    expect(JSON.parse(JSON.stringify(fresh()))).toEqual(JSON.parse(JSON.stringify({ ...whole, ...fresh() })))
    const read = fresh()
    expect(read.signals).toEqual(whole?.signals)
    expect(read).toEqual({ ...whole, ...varying })
    read.exe = 'mine'
    expect(read.exe).toBe('mine')
  })

  test('are absent once the process has ended', async () => {
    const own = await OwnChild.start('exit', '0')
    const entry = children(process.pid).find(({ pid }) => pid === own.pid)
    const used = children(process.pid).find(({ pid }) => pid === own.pid)
    expect(used?.argv).toHaveLength(3)
    own.end()
    await own.nodeExit
    expect(entry?.argv).toBeUndefined()
    expect(Object.keys(entry ?? {})).not.toContain('exe')
    expect(entry).toMatchObject({ comm: 'ends', pid: own.pid })
    expect(used?.argv).toHaveLength(3) // what was read is kept
  })
})

describe('a target that is not there', () => {
  test('is NoSuchProcessError', async () => {
    const own = await OwnChild.start('exit', '0')
    const ref = ProcessRef.of(own.pid)
    own.end()
    await own.nodeExit
    for (const walk of [children, descendants]) {
      for (const target of [ABSENT, own.child, own.handle, ref])
        expect(thrown(() => walk(target)).name).toBe('NoSuchProcessError')
      expect(thrown(() => walk(undefined as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
      expect(thrown(() => walk(-5))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' })
    }
    own.handle.close()
    expect(thrown(() => children(own.handle))).toMatchObject({ code: 'ERR_PIDFD_CLOSED' })
    expect(liveness(ref)).toBe('gone')
  })
})

describe.runIf(canNamespace)(`the number is another process now ${NEEDS_NAMESPACE}`, () => {
  test('whose children are not reported', async () => {
    const report = await inOwnProcess(
      async ({ sigkit, spawn, once, programPath: path, plainEnvironment: env }) => {
        const start = async (command: string, args: string[]): Promise<ReturnType<typeof spawn>> => {
          const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env })
          if (child.stdout !== null) await once(child.stdout, 'data')
          return child
        }
        const first = await start(path('as-pid'), ['20000'])
        const [unread] = sigkit.children(first)
        const ref = sigkit.ProcessRef.of(20_000)
        const entry = sigkit.getProcess(20_000) ?? 0
        const handle = sigkit.PidFd.open(20_000)
        const ended = once(first, 'exit')
        first.kill('SIGKILL')
        await ended
        await handle.exited()
        while (sigkit.getProcess(20_000) !== undefined) sigkit.reap()
        await start(path('as-pid'), ['20000', '/bin/sh', '-c', 'sleep 1000 & echo ready; wait'])
        const outcome = (call: () => unknown): unknown => {
          try {
            return call()
          } catch (error) {
            const { name, reused } = error as { name: string; reused: boolean }
            return { name, reused }
          }
        }
        const held = { ref, entry, handle }
        return {
          byNumber: sigkit.children(20_000).length,
          stranger: sigkit.getProcess(20_000)?.argv?.[0],
          unread: { pid: unread?.pid, argv: unread?.argv ?? null, exe: unread?.exe ?? null },
          held: Object.values(held).map((target) => [
            outcome(() => sigkit.children(target)),
            outcome(() => sigkit.descendants(target)),
            outcome(() => sigkit.getProcess(target) ?? 'undefined'),
          ]),
        }
      },
      null,
      { wrapper: inNamespace, detached: true },
    )
    expect(report.byNumber).toBe(1)
    expect(report.stranger).toBe('/bin/sh')
    expect(report.unread).toEqual({ pid: 20_000, argv: null, exe: null })
    const refused = { name: 'NoSuchProcessError', reused: true }
    const [byRef, byEntry, byHandle] = report.held
    expect(byRef).toEqual([refused, refused, 'undefined'])
    expect(byEntry).toEqual([refused, refused, 'undefined'])
    expect(byHandle).toEqual([refused, refused, 'undefined'])
  })
})

test.runIf(canNamespace)(
  `a stranger that gets the number of a member meanwhile has no part in the tree ${NEEDS_NAMESPACE}`,
  async () => {
    const report = await inOwnProcess(
      async ({ sigkit, spawn, once, programPath: path, plainEnvironment: env }) => {
        const race = spawn(path('walk-race'), ['20000'], { stdio: ['pipe', 'pipe', 'inherit'], env })
        const { root } = JSON.parse(String((await once(race.stdout, 'data'))[0])) as { root: number }
        const seen = { child: 0, strangersChild: 0, wrongParent: 0 }
        const end = performance.now() + 3000
        while (performance.now() < end) {
          for (const { pid, ppid } of sigkit.descendants(root)) {
            if (pid === 20_000) seen.child++
            if (pid === 20_000 && ppid !== root) seen.wrongParent++
            if (pid === 20_001) seen.strangersChild++
          }
        }
        race.stdin.end()
        return seen
      },
      null,
      { wrapper: inNamespace, detached: true },
    )
    expect(report).toEqual({ child: expect.any(Number) as number, strangersChild: 0, wrongParent: 0 })
    expect(report.child).toBeGreaterThan(0)
  },
)

test('while a tree is busy forking, everything that is reported is of the tree', async () => {
  const script = 'trap "" USR1; echo \'"ready"\'; while :; do (sleep 0.01 & wait) & sleep 0.001; done'
  const program = new Program(['sh', '-c', script], { detached: true, env: plainEnvironment })
  onTestFinished(() => {
    spawnSync('kill', ['-KILL', '--', `-${program.pid}`], { env: plainEnvironment })
  })
  await program.next('the forks')
  for (let looks = 0; looks < 100;) {
    const found = descendants(program.pid)
    if (found.length > 0) looks++
    const members = new Set([program.pid, ...found.map(({ pid }) => pid)])
    for (const { ppid, sid } of found) expect([members.has(ppid), sid]).toEqual([true, program.pid])
  }
  expect(readFileSync(`/proc/${program.pid}/comm`, 'utf8')).toBe('sh\n')
})
