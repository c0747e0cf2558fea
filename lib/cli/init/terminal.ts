/**
 * The controlling terminal, where `sigkit init` was started in its foreground: the command's group gets that place, so
 * that Ctrl-C reaches it and that it may read, and gives it back in the end.
 */
import { native } from '../../native.js'

export class Terminal {
  /** -1: none, or its foreground is somebody else's. */
  readonly fd: number

  constructor() {
    this.fd = [0, 1, 2].find((fd) => native.tcgetpgrp(fd) === native.getpgrp()) ?? -1
  }

  /** To the command's group, if it is ours: the shell's fg has just given it to us. */
  lend(pgid: number): void {
    if (this.fd >= 0 && native.tcgetpgrp(this.fd) === native.getpgrp()) native.tcsetpgrp(this.fd, pgid)
  }

  /** Whoever shares our group would be stopped when it reads, once the command's group is gone. */
  takeBack(pgid: number): void {
    if (this.fd >= 0 && native.tcgetpgrp(this.fd) === pgid) native.tcsetpgrp(this.fd, native.getpgrp())
  }
}
