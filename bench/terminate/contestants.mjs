/** Those who end a tree, each from the call to the end of the last process; in ns. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fkill from 'fkill'
import { PidFd, terminate } from '../../dist/index.mjs'
import treeKill from 'tree-kill'
import { program } from './programs.mjs'

async function startTree(size) {
  const root = spawn(program('tree'), [`${size}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = await once(root.stdout, 'data')
  root.stdout.destroy()
  const handles = `${line}`
    .trim()
    .split(' ')
    .map((pid) => PidFd.open(Number(pid)))
  return { root, handles }
}

/** How long `end` takes, and how many of the tree live when it says that it is done. */
async function timed(size, end) {
  const { root, handles } = await startTree(size)
  const exited = once(root, 'exit')
  const start = process.hrtime.bigint()
  await end(root.pid)
  const ns = Number(process.hrtime.bigint() - start)
  const survivors = handles.filter((handle) => handle.state() === 'alive').length
  for (const handle of handles) {
    handle.trySend('SIGKILL')
    handle.close()
  }
  await exited
  return { ns, survivors }
}

export const javascript = {
  terminate: (size) =>
    timed(size, async (pid) => {
      const { complete, processes } = await terminate(pid, { tree: true })
      if (!complete || processes.length !== size)
        throw new Error(`incomplete: ${processes.length} of ${size}`)
    }),
  'tree-kill': (size) => timed(size, (pid) => new Promise((resolve) => treeKill(pid, 'SIGTERM', resolve))),
  // What they do is less: the one process, and the one generation.
  'fkill, the root alone': (size) => timed(size, (pid) => fkill(pid, { waitForExit: 5000 })),
  'pkill -P, one generation': (size) =>
    timed(size, (pid) => {
      execFileSync('pkill', ['-TERM', '-P', `${pid}`])
    }),
}

export function inC(size) {
  const output = execFileSync(program('kill-tree'), [program('tree'), `${size}`, '3'], { encoding: 'utf8' })
  // The first warms up the caches, as the others' rounds before do.
  return { ns: output.trim().split('\n').slice(1).map(Number), survivors: 0 }
}
