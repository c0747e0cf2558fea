/**
 * The native side as TypeScript sees it, and the only file that loads it.
 *
 * Every function is raw: it takes what its C prototype takes and gives `>= 0` or `-errno`. It checks nothing
 * but the JavaScript type. The names are the C names, so that each can be looked up in the manual.
 * native/binding/ has the other half; test/native.test.ts compares the two.
 */
import { elsewhere } from './elsewhere.js'
import { loadAddon } from './load-addon.js'

/** @internal */
export interface Native {
  /** Numbers of the C headers: SIG*, SI_* ... A name that this platform lacks is absent. */
  readonly constants: Readonly<Partial<Record<string, number>>>

  // int kill(pid_t pid, int sig);
  kill(pid: number, sig: number): number
  // int killpg(int pgrp, int sig);
  killpg(pgrp: number, sig: number): number
  // int tgkill(pid_t tgid, pid_t tid, int sig);
  tgkill(tgid: number, tid: number, sig: number): number
  // int raise(int sig);
  raise(sig: number): number
  // int sigqueue(pid_t pid, int sig, const union sigval value);
  sigqueue(pid: number, sig: number, value: number | bigint): number
  // int rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, siginfo_t *info);
  rt_tgsigqueueinfo(tgid: number, tid: number, sig: number, code: number, value: number | bigint): number
  // Default action, unblocked, raised. Returns only where that does nothing.
  exit_by_signal(sig: number): number

  // pid_t getpgid(pid_t pid);
  getpgid(pid: number): number
  // pid_t getsid(pid_t pid);
  getsid(pid: number): number
  // pid_t getpgrp(void);
  getpgrp(): number
  // int setpgid(pid_t pid, pid_t pgid);
  setpgid(pid: number, pgid: number): number
}

/**
 * Whether sigkit can do its work here: true on Linux, false elsewhere.
 *
 * Where it is false the module still imports; `kill`, `tryKill`, `killpg`, `signals` and the errors work over
 * `process.kill`, and everything else throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM`.
 *
 * @example
 * import { supported } from 'sigkit'
 * if (!supported) console.warn('no pidfds here')
 */
export const supported: boolean = process.platform === 'linux'

/** @internal */
export const native: Native = supported ? (loadAddon() as Native) : elsewhere
