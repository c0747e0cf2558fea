/** A rung of the ladder: a sandbox without chosen system calls (seccomp.c), and what sigkit does on it (battery.mjs). */
import type { Exit, Features, ProcessInfo } from 'sigkit'
import { programPath, startNode } from './fixture.js'
import { Keeper } from './keeper.js'

/** An error, as a fixture reports it. */
export interface Failure {
  name: string
  message: string
  code: string
  reused?: boolean
  reaped?: boolean
}

interface Ends {
  pid: number
  nodeExit: [number | null, string | null]
  asked: Exit | Failure
  late: Exit | Failure
}

export interface Report {
  features: Features
  again: Features
  sigsys: string[]
  sigsysAfterwards: string[]
  living: {
    pid: number
    raceFree: boolean
    hasFd: boolean
    state: string
    liveness: string[]
    identity: string
    again: boolean
    info: ProcessInfo
    expected: { pid: number; ppid: number; uid: number; gid: number }
    send: unknown[]
    pidFile: { pid: number; raceFree: boolean; equals: boolean; text: string }
    reused: {
      right: number
      wrong: Failure
      liveness: string[]
      otherBoot: Failure
      state: string
    }
    early: Failure
    exited: Exit
    status: Exit
    nodeExit: unknown[]
    after: unknown[]
  }
  zombie: { state: string; liveness: string; exited: Exit; status: Exit; nodeExit: unknown[] }
  code: Ends
  zero: Ends
  signal: Ends
  realtime: Ends
  scopes: {
    sent: Record<string, string>
    got: [number, number, string][]
    threadId: { liveness: string; open: Failure }
  }
  foreign: {
    pid: number
    raceFree: boolean
    state: string
    ppid: number
    refusal: 'pending' | Failure
    atOnce: Exit
    zombie: unknown[]
    knownNow: Exit | Failure
    gone: unknown[]
    inTheEnd: Exit | null
    afterwards: Exit
  }
  init: string
  absent: [string, Failure]
}

/** `rules` as seccomp.c takes them: 'pidfd_open=EPERM'. */
export function sandbox(rules: readonly string[]): readonly string[] {
  return rules.length === 0 ? [] : [programPath('seccomp'), ...rules, '--']
}

/** The whole battery on one rung. The stranger exits with code 42. */
export async function runBattery(rules: readonly string[]): Promise<{ report: Report; stranger: Keeper }> {
  const stranger = await Keeper.start(['exit', '42'])
  const program = startNode('battery.mjs', { wrapper: sandbox(rules), args: [String(stranger.pid)] })
  await program.next('the wait for the stranger')
  stranger.end()
  program.write('told')
  await program.next('the exit of the stranger')
  await stranger.reap()
  program.write('reaped')
  const report = await program.next<Report>('the report')
  const ending = await program.ended()
  if (ending.code !== 0)
    throw new Error(`the battery ended with ${JSON.stringify(ending)}: ${program.stderr}`)
  return { report, stranger }
}
