/** A signal to many, in a pid namespace of its own, and who got it: test/fixtures/broadcast.mjs. */
import { startNode } from './fixture.js'
import { inNamespace } from './privilege.js'

export interface Reached {
  sender: { answer: string; got: number }
  init: number
  sameGroup: number[]
  otherGroup: number[]
}

/** `uid`: who sends, as the namespace counts. 0 is root, or whoever was mapped to root. */
export async function broadcast(
  uid: number,
  module: string,
  name: string,
  ...args: unknown[]
): Promise<Reached> {
  const call = [String(uid), module, name, ...args.map((value) => JSON.stringify(value))]
  return startNode('broadcast.mjs', { wrapper: inNamespace, detached: true, args: call }).next<Reached>(
    'who got it',
  )
}
