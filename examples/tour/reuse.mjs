import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hasNamespace, namespace } from './namespace.mjs'
import { heading } from './print.mjs'

// The numbers of this machine are not ours to hand out. In a pid namespace of its own a program may choose its next one.
const scene = fileURLToPath(new URL('./recycled.mjs', import.meta.url))

export async function run() {
  heading('The number is somebody else now')
  if (!hasNamespace('a recycled pid on demand')) return
  const child = spawn('unshare', [...namespace, process.execPath, scene], { stdio: 'inherit' })
  await new Promise((resolve) => child.once('exit', resolve))
}
