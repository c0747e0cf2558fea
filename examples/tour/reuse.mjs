import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { heading, say } from './print.mjs'

// The numbers of this machine are not ours to hand out. In a pid namespace of its own a program may choose its next one.
const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
const namespace = [...user, '--pid', '--fork', '--mount-proc', '--kill-child']
const scene = fileURLToPath(new URL('./recycled.mjs', import.meta.url))

export async function run() {
  heading('The number is somebody else now')
  const { status } = spawnSync('unshare', [...namespace, 'true'], { stdio: 'ignore' })
  if (status !== 0) {
    say('(a recycled pid on demand needs root or user namespaces, and unshare: skipped)')
    return
  }
  const child = spawn('unshare', [...namespace, process.execPath, scene], { stdio: 'inherit' })
  await new Promise((resolve) => child.once('exit', resolve))
}
