// A pid namespace of its own, where a program is PID 1 and harms nobody.
import { spawnSync } from 'node:child_process'
import { say } from './print.mjs'

const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']

/** A command prefix for unshare. */
export const namespace = [...user, '--pid', '--fork', '--mount-proc', '--kill-child']

/** Whether there can be one; says so where not. */
export function hasNamespace(what) {
  if (spawnSync('unshare', [...namespace, 'true'], { stdio: 'ignore' }).status === 0) return true
  say(`(${what} needs root or user namespaces, and unshare: skipped)`)
  return false
}
