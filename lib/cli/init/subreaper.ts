/** Child subreaper, as far as `sigkit init` needs it: straight from the raw calls, so that little is loaded. */
import { errnoText } from './spawn-command.js'
import { native } from '../../native.js'
import { CommandError, exitCode } from '../usage.js'

const { PR_SET_CHILD_SUBREAPER = 36 } = native.constants

export function setChildSubreaper(): void {
  const result = native.prctl(PR_SET_CHILD_SUBREAPER, 1)
  if (result < 0)
    throw new CommandError(`cannot become a child subreaper: ${errnoText(result)}`, exitCode.cannotRun)
}

export function isChildSubreaper(): boolean {
  return native.prctl_get_child_subreaper() === 1
}
