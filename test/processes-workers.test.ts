/** Lists and searches in Workers, and Workers that end while one is under way. */
import { expect, test } from 'vitest'
import { inOwnProcess } from './helpers/own-process.js'
import { sanitized } from './helpers/load.js'

test('a Worker lists, walks and finds as the main thread does', async () => {
  const told = await inOwnProcess(async ({ startWorker, once }) => {
    const worker = startWorker(async ({ sigkit, port }) => {
      const listed = await sigkit.listProcesses()
      const found = await sigkit.findProcesses({ name: 'node', includeSelf: true })
      const pids = found.map(({ pid }) => pid)
      found[Symbol.dispose]()
      const { pid, ppid } = process
      port.postMessage({
        listed: listed.some((entry) => entry.pid === pid),
        found: pids.includes(pid),
        child: sigkit.children(ppid).some((entry) => entry.pid === pid),
      })
    }, null)
    const [message] = (await once(worker, 'message')) as [unknown]
    await once(worker, 'exit')
    return message
  }, null)
  expect(told).toEqual({ listed: true, found: true, child: true })
})

const COUNT = sanitized ? 10 : 30
const ENDS = sanitized ? 1 : 5

test(`${COUNT} Workers are terminated while they list and find`, async () => {
  const report = await inOwnProcess(
    async ({ startWorker, once, countPidfds, pause, sigkit }, count: number) => {
      for (let i = 0; i < count; i++) {
        const worker = startWorker(({ sigkit: mine, port }) => {
          const again = (): Promise<void> =>
            Promise.all([
              mine.listProcesses(),
              mine.findProcesses({ olderThan: 0 }),
              mine.findProcesses({ port: 1 }),
            ]).then(again)
          port.postMessage('ready')
          void again()
        }, null)
        await once(worker, 'message')
        // At another moment each time.
        await pause(i % 7)
        await worker.terminate()
      }
      return { pidfds: countPidfds(), listed: (await sigkit.listProcesses()).length > 1 }
    },
    COUNT,
  )
  expect(report).toEqual({ pidfds: 0, listed: true })
})

test('the process may end while a list is under way', async () => {
  const { exits } = await inOwnProcess(
    async ({ spawn, once }, [node = '', library = '', times = '']: string[]) => {
      const script = `const s = require(${JSON.stringify(library)}); for (let i = 0; i < 20; i++) s.listProcesses(); setImmediate(() => process.exit(7))`
      const codes: unknown[] = []
      for (let i = 0; i < Number(times); i++) {
        const child = spawn(node, ['-e', script], { stdio: 'ignore', env: process.env })
        codes.push(...((await once(child, 'exit')) as unknown[]))
      }
      return { exits: codes }
    },
    [process.execPath, new URL('../dist/index.js', import.meta.url).pathname, String(ENDS)],
  )
  expect(exits).toEqual(Array.from({ length: ENDS }, () => [7, null]).flat())
})

test('a pending list keeps the event loop alive', async () => {
  const { code, said } = await inOwnProcess(
    async ({ spawn, once }, [node = '', library = '']: string[]) => {
      const script = `require(${JSON.stringify(library)}).listProcesses().then((all) => console.log(all.length > 0))`
      const child = spawn(node, ['-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: process.env,
      })
      const [text] = (await once(child.stdout, 'data')) as [Buffer]
      const [exit] = (await once(child, 'exit')) as [number]
      return { code: exit, said: String(text) }
    },
    [process.execPath, new URL('../dist/index.js', import.meta.url).pathname],
  )
  expect([code, said]).toEqual([0, 'true\n'])
})
