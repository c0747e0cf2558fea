/** What this user may do, and how a fixture is started as somebody else or in a pid namespace of its own. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { parentOf, uidOf } from './process-status.js'

export const NOBODY = 65534

export const isRoot = process.getuid?.() === 0

/** Command prefix: the same program as uid 65534. Nothing to do where we are not root: we are nobody already. */
export const asNobody: readonly string[] = isRoot
  ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  : []

/**
 * Command prefix: for what fills the queue of pending signals, which all processes of one user share: other tests at the
 * same time would meet EAGAIN. A uid that nothing else here has; who may not take one gets half of the queue.
 */
export const withOwnQueue: readonly string[] = isRoot
  ? ['setpriv', '--reuid=65533', '--regid=65533', '--clear-groups']
  : ['bash', '-c', 'all=$(ulimit -i); [ "$all" = unlimited ] || ulimit -i $((all / 2)); exec "$@"', 'bash']

/**
 * Command prefix: PID 1 of a pid namespace of its own, in a session and group of its own. Without the latter,
 * kill(0) would reach the members of the test runner's group, which a pid namespace does not keep out.
 */
export const inNamespace: readonly string[] = [
  'unshare',
  ...(isRoot ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
  '--mount-proc',
  '--kill-child',
  'setsid',
]

const [file = '', ...prefix] = inNamespace
const probe = spawnSync(file, [...prefix, 'true'], { env: { PATH: process.env.PATH }, encoding: 'utf8' })

export const canNamespace = probe.status === 0

/** Whether PID 1 belongs to somebody else: a process that we may not signal. */
export const deniedByInit =
  isRoot || !readFileSync('/proc/1/status', 'utf8').includes(`\nUid:\t${String(process.getuid?.())}\t`)

/** They are in the initial pid namespace alone, where 2 is their parent. */
export const hasKernelThreads =
  existsSync('/proc/2/comm') && readFileSync('/proc/2/comm', 'latin1') === 'kthreadd\n'

/** The nearest ancestor below PID 1 that belongs to somebody else, so that it lives on and may not be signalled. */
export function deniedAncestor(): number | undefined {
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) {
    if (uidOf(pid) !== process.getuid?.()) return pid
  }
  return undefined
}

/** Said in the name of a test, so that a skip explains itself in the report. */
export const NEEDS_ROOT = '[needs root]'
export const NEEDS_NAMESPACE = '[needs root or user namespaces]'

if (!isRoot) console.log(`not root: skipping what is marked ${NEEDS_ROOT}`)
if (!canNamespace)
  console.log(`no pid namespace: skipping what is marked ${NEEDS_NAMESPACE}: ${probe.stderr}`)
