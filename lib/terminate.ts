/** Ending processes: asking, waiting, insisting, and telling what became of each. */
import { ControlGroup } from './control-group.js'
import { native } from './native.js'
import { invalidValue } from './node-errors.js'
import type { Target } from './target.js'
import { groupOf, ProcessGroup } from './process-group.js'
import { ProcessTree } from './process-tree.js'
import { Termination } from './termination.js'
import { Guard } from './termination-guard.js'
import { terminationPlan, type Plan, type TerminateOptions } from './termination-options.js'
import type { TerminationReport } from './termination-report.js'
import { Roster } from './termination-roster.js'
import type { Scope } from './termination-scope.js'

function groupsOf(roster: Roster, guard: Guard): ProcessGroup[] {
  const ids = new Set<number>()
  for (const member of roster.members) {
    const id = groupOf(member)
    // 0 is every group from outside of our pid namespace, and may be our own.
    if (id === 0 || id === native.getpgrp()) {
      const whose = id === 0 ? 'from outside of this pid namespace' : 'of this process'
      throw invalidValue(
        'options.group',
        true,
        `process ${member.pid} is in a process group ${whose}: terminate it without group`,
      )
    }
    if (id !== undefined) ids.add(id)
  }
  const groups: ProcessGroup[] = []
  try {
    for (const id of ids) groups.push(new ProcessGroup(id, roster, guard, terminate))
  } catch (error) {
    for (const group of groups) group.close()
    throw error
  }
  return groups
}

function controlGroupsOf(roster: Roster, guard: Guard): ControlGroup[] {
  const groups = new Map<string, ControlGroup>()
  for (const member of roster.members) {
    const group = ControlGroup.of(member, roster, guard, terminate)
    if (group !== undefined) groups.set(group.path, group)
  }
  return [...groups.values()]
}

function scopesOf(plan: Plan, roster: Roster, guard: Guard): Scope[] {
  const scopes: Scope[] = []
  if (plan.group) scopes.push(...groupsOf(roster, guard))
  if (plan.cgroup) scopes.push(...controlGroupsOf(roster, guard))
  if (plan.tree) scopes.push(new ProcessTree(roster))
  return scopes
}

/**
 * Ends processes and tells what became of each: SIGTERM, a grace, SIGKILL to those that are still there, and a wait
 * until they are over. What the shell does with `kill -TERM PID; sleep 5; kill -9 PID`, on handles: a signal can never
 * hit a successor of the number.
 *
 * An absent target, and one that this user may not signal, is a row in the report and no rejection. A stopped process
 * also gets SIGCONT, so that it can act on the signal. Never hit as well: this process, its ancestors, PID 1.
 *
 * @param target a pid, a ChildProcess, a PidFd, a ProcessRef, an array of such, or the matches of findProcesses
 * @param options `signal` (SIGTERM), `grace` in ms (5000), `killSignal` (SIGKILL, or false for none), `timeout` in ms of
 *   the wait after the last signal (10000). `tree`: with all descendants, stopped first, so that none escapes by
 *   forking; `group`: with the process group; `cgroup`: with the control group. `releaseMemory`, `abort`, `onProgress`
 * @throws TypeError `ERR_INVALID_ARG_VALUE` (rejects, nothing sent): this process, PID 1, an ancestor with `tree`, the
 *   own group with `group`, the own control group with `cgroup`; a signal that only stops
 * @throws TypeError, RangeError (reject, nothing sent) for bad arguments; code `ERR_PIDFD_CLOSED` for a closed PidFd
 * @throws ResourceLimitError EMFILE, ENFILE (rejects): a descriptor for each process. What was frozen is woken.
 * @throws UnsupportedError (rejects): `cgroup` without control groups v2
 * @throws the reason of `abort`, and what `onProgress` threw (reject)
 *
 * Linux 5.3; below that number and start time are compared before every signal. Source: `man 2 pidfd_send_signal`,
 * `man 7 signal`.
 *
 * @example
 * const { complete, processes } = await terminate(server, { tree: true, grace: 2000 })
 * for (const { pid, comm, outcome, by } of processes) console.log(pid, comm, outcome, by)
 */
export async function terminate(
  target: Target | readonly Target[],
  options?: TerminateOptions,
): Promise<TerminationReport> {
  const start = performance.now()
  const plan = terminationPlan(options)
  const targets: readonly Target[] = Array.isArray(target)
    ? (target as readonly Target[])
    : [target as Target]
  plan.abort?.throwIfAborted()
  const guard = new Guard()
  const roster = new Roster(guard)
  let termination: Termination | undefined
  try {
    for (const one of targets) roster.addTarget(one, terminate)
    for (const { pid } of roster.members) guard.check(pid, plan.tree)
    termination = new Termination(plan, roster, scopesOf(plan, roster, guard), start)
    return await termination.run()
  } finally {
    if (termination === undefined) roster.close()
    else termination.close()
  }
}
