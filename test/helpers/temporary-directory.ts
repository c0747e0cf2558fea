/** A directory that ends with the test; open to every user, since fixtures also run as others. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'sigkit-test-'))
  chmodSync(path, 0o777)
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true })
  })
  return path
}
