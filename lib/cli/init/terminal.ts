/**
 * The controlling terminal, where `sigkit init` is in its foreground: the command's group gets that place, so that Ctrl-C
 * reaches it and that it may read, and gives it back in the end. Started behind, the shell's `fg` may bring us there later.
 */
import { native } from '../../native.js'

const STANDARD = [0, 1, 2]

function inFront(): number {
  const own = native.getpgrp()
  return STANDARD.find((fd) => native.tcgetpgrp(fd) === own) ?? -1
}

export class Terminal {
  /** -1: none yet, or its foreground is somebody else's. */
  #fd = inFront()

  get fd(): number {
    return this.#fd
  }

  /** Whether there is one that the kernel stops processes for, whoever is in front. */
  isThere(): boolean {
    return STANDARD.some((fd) => native.tcgetpgrp(fd) >= 0)
  }

  /** Whether this group is in front of the terminal that we have lent. */
  isInFront(pgid: number): boolean {
    return this.#fd >= 0 && native.tcgetpgrp(this.#fd) === pgid
  }

  /** To the command's group, if it is ours: the shell's fg has just given it to us. */
  lend(pgid: number): void {
    const fd = inFront()
    if (fd < 0) return
    this.#fd = fd
    native.tcsetpgrp(fd, pgid)
  }

  /** Whoever shares our group would be stopped when it reads, once the command's group is gone. */
  takeBack(pgid: number): void {
    if (this.isInFront(pgid)) native.tcsetpgrp(this.#fd, native.getpgrp())
  }
}
