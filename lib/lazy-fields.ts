/**
 * The fields of an entry that cost as much as all others together, read when they are first used: a walk of a tree is
 * as cheap as its list of numbers, and who wants the arguments gets them.
 *
 * Read later, they are still of the process that the entry is about: what is read is bound to its identity. Where it
 * has ended by then they are absent, as everything that cannot be read.
 */
import type { Field, ProcessEntry } from './process-entry.js'
import { allFields, readNow, type Wanted } from './process-records.js'

const LATER = ['exe', 'argv', 'user', 'cgroup', 'signals'] as const

/**
 * All the others.
 * @internal
 */
export const atOnce: Wanted = {
  fields: new Set(allFields.filter((field) => !(LATER as readonly Field[]).includes(field))),
  environ: false,
}

const later: Wanted = { fields: new Set<Field>([...LATER, 'identity']), environ: false }

/** Makes plain fields of all of them. */
function complete(entry: ProcessEntry): void {
  const read = readNow([entry.pid], later)
  if (typeof read === 'number') return // we are short of something: the next time, perhaps
  const found = read[0]?.identity.equals(entry.identity) === true ? read[0] : undefined
  for (const field of LATER) {
    const value = found?.[field]
    if (value === undefined) Reflect.deleteProperty(entry, field)
    else Object.defineProperty(entry, field, { value, writable: true, enumerable: true, configurable: true })
  }
}

const descriptors: PropertyDescriptorMap = {}
for (const field of LATER) {
  descriptors[field] = {
    get(this: ProcessEntry): unknown {
      complete(this)
      return Object.getOwnPropertyDescriptor(this, field)?.value
    },
    set(this: ProcessEntry, value: unknown) {
      Object.defineProperty(this, field, { value, writable: true, enumerable: true, configurable: true })
    },
    enumerable: true,
    configurable: true,
  }
}

/**
 * Adds them to an entry that was read with {@link atOnce}.
 * @internal
 */
export function withLaterFields(entry: ProcessEntry): ProcessEntry {
  return Object.defineProperties(entry, descriptors)
}
