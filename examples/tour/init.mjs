import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hasNamespace, namespace } from './namespace.mjs'
import { heading, say } from './print.mjs'

const scene = fileURLToPath(new URL('./init-scene.mjs', import.meta.url))
const preload = fileURLToPath(import.meta.resolve('sigkit/init'))

async function asPid1(flags) {
  const child = spawn('unshare', [...namespace, process.execPath, ...flags, scene], { stdio: 'inherit' })
  return new Promise((resolve) => child.once('exit', resolve))
}

export async function run() {
  heading('Node as PID 1')
  if (!hasNamespace('being PID 1')) return
  say('node app.js')
  await asPid1([])
  say('node --import sigkit/init app.js')
  const code = await asPid1(['--import', preload])
  say(`SIGTERM ended it, with exit code ${code}`)
}
