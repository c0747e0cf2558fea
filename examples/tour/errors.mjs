import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { kill } from 'sigkit'
import { start } from './children.mjs'
import { heading, say, show } from './print.mjs'

const NOBODY = 65534

/** As root there is nobody one may not signal, so a child tries it as an unprivileged user. */
function deniedAsNobody() {
  const program = `import { kill } from ${JSON.stringify(import.meta.resolve('sigkit'))}
    import { show } from ${JSON.stringify(new URL('./print.mjs', import.meta.url).href)}
    show("kill(1, 'SIGTERM')             // as uid ${NOBODY}", () => kill(1, 'SIGTERM'))`
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    stdio: 'inherit',
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
  }).status
}

export async function run() {
  heading('Errors that explain themselves')
  const { child, ended } = await start('/bin/sh', ['-c', 'echo ready'])
  await ended
  show(`kill(${child.pid}, 'SIGTERM')     // it has ended`, () => kill(child.pid, 'SIGTERM'))
  if (process.getuid?.() !== 0) show("kill(1, 'SIGTERM')", () => kill(1, 'SIGTERM'))
  else if (deniedAsNobody() !== 0)
    say(`(uid ${NOBODY} cannot read ${fileURLToPath(new URL('../..', import.meta.url))}: skipped)`)
}
