/** getpgid, getsid, getpgrp and setpgid of sigkit/syscalls. */
import { readFileSync } from 'node:fs'
import { getpgid, getpgrp, getsid, setpgid } from 'sigkit/syscalls'
import { describe, expect, test } from 'vitest'
import { ABSENT } from './helpers/absent.js'
import { Caller } from './helpers/caller.js'
import { startProgram } from './helpers/fixture.js'
import { Receiver } from './helpers/receiver.js'
import { thrown } from './helpers/thrown.js'

/** pgrp and session as /proc says them. */
function groupAndSession(pid: number): [number, number] {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return [Number(fields[2]), Number(fields[3])]
}

describe('getpgid, getsid and getpgrp', () => {
  test('agree with /proc for the own process, by number and by 0', () => {
    const [group, session] = groupAndSession(process.pid)
    expect([getpgrp(), getpgid(0), getpgid(process.pid)]).toEqual([group, group, group])
    expect([getsid(0), getsid(process.pid)]).toEqual([session, session])
  })

  test('know the group and the session of another process', async () => {
    const leader = await Receiver.start({ detached: true })
    expect([getpgid(leader.pid), getsid(leader.pid)]).toEqual([leader.pid, leader.pid])
    const member = await Receiver.start()
    expect([getpgid(member.pid), getsid(member.pid)]).toEqual([getpgrp(), getsid(0)])
  })

  test('a zombie still has its group and session', async () => {
    const { zombie } = await startProgram('zombie').next<{ zombie: number }>('a zombie')
    expect([getpgid(zombie), getsid(zombie)]).toEqual([getpgrp(), getsid(0)])
  })

  test.each([ABSENT, -1, -ABSENT])('ESRCH for %i', (pid) => {
    expect(thrown(() => getpgid(pid))).toMatchObject({ code: 'ESRCH', syscall: 'getpgid', pid })
    expect(thrown(() => getsid(pid))).toMatchObject({ code: 'ESRCH', syscall: 'getsid', pid })
  })
})

describe('setpgid', () => {
  test('(0, 0) leads a group of its own', async () => {
    const caller = await Caller.start()
    expect(await caller.call('sigkit/syscalls', 'getpgrp')).toEqual({ value: getpgrp() })
    expect(await caller.call('sigkit/syscalls', 'setpgid', 0, 0)).toEqual({ value: null })
    expect(await caller.call('sigkit/syscalls', 'getpgrp')).toEqual({ value: caller.pid })
    expect(groupAndSession(caller.pid)[0]).toBe(caller.pid)
  })

  test('joins a group of the same session', async () => {
    const [leader, joiner] = [await Caller.start(), await Caller.start()]
    await leader.call('sigkit/syscalls', 'setpgid', 0, 0)
    expect(await joiner.call('sigkit/syscalls', 'setpgid', 0, leader.pid)).toEqual({ value: null })
    expect(getpgid(joiner.pid)).toBe(leader.pid)
  })

  test('EACCES: a child that has called execve', async () => {
    const child = await Receiver.start()
    expect(
      thrown(() => {
        setpgid(child.pid, child.pid)
      }),
    ).toMatchObject({
      name: 'PermissionDeniedError',
      code: 'EACCES',
      errno: -13,
      syscall: 'setpgid',
      pid: child.pid,
      info: { pgid: child.pid },
    })
  })

  test('EPERM: a session leader', async () => {
    const caller = await Caller.start({ detached: true })
    expect((await caller.call('sigkit/syscalls', 'setpgid', 0, 0)).error).toMatchObject({ code: 'EPERM' })
  })

  test('EPERM: a group that is not there, and one of another session', async () => {
    const caller = await Caller.start()
    const stranger = await Receiver.start({ detached: true })
    for (const group of [ABSENT, stranger.pid]) {
      expect((await caller.call('sigkit/syscalls', 'setpgid', 0, group)).error).toMatchObject({
        code: 'EPERM',
      })
    }
  })

  test('EINVAL: a negative group', () => {
    expect(
      thrown(() => {
        setpgid(0, -1)
      }),
    ).toMatchObject({ code: 'EINVAL', syscall: 'setpgid' })
  })

  test('ESRCH: neither this process nor a child of it', () => {
    expect(
      thrown(() => {
        setpgid(ABSENT, 0)
      }),
    ).toMatchObject({ code: 'ESRCH', pid: ABSENT })
    expect(
      thrown(() => {
        setpgid(1, 1)
      }),
    ).toMatchObject({ code: 'ESRCH', pid: 1 })
  })
})
