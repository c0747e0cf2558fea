/**
 * The fields of an entry that cost as much as all others together, read when one of them is first used: a walk of a
 * tree is as cheap as its list of numbers, and who wants the arguments gets them. Read later, they are still of the
 * process that the entry is about: what is read is bound to its identity. What cannot be read is absent.
 *
 * Accessors, and no Proxy, which neither structuredClone nor util.inspect would see through. They become plain
 * properties when they are read, and those without a value are deleted. `signals` comes first, which whatever is there
 * has: so copies that go through the keys find out in time what is absent. Before that, `in` and Object.keys say yes
 * to a field that turns out not to be readable.
 */
import { systemError } from './errors.js'
import type { Field, ProcessEntry } from './process-entry.js'
import { allFields, readNow, type Wanted } from './process-records.js'

const LATER = ['signals', 'exe', 'argv', 'user', 'cgroup'] as const
type Later = (typeof LATER)[number]
type Values = Partial<Record<Later, unknown>>

/**
 * All the others.
 * @internal
 */
export const atOnce: Wanted = {
  fields: new Set(allFields.filter((field) => !(LATER as readonly Field[]).includes(field))),
  environ: false,
}

const later: Wanted = { fields: new Set<Field>([...LATER, 'identity']), environ: false }

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** Of entries that were frozen or sealed before they were read. */
const keptApart = new WeakMap<object, Values>()

const plain = (value: unknown): PropertyDescriptor => ({
  value,
  writable: true,
  enumerable: true,
  configurable: true,
})

/** Its descriptor, where it is still to be read or kept apart. */
function unread(entry: object, field: Later): PropertyDescriptor | undefined {
  const own = Object.getOwnPropertyDescriptor(entry, field)
  return own !== undefined && own.get === descriptors[field]?.get ? own : undefined
}

function read(entry: ProcessEntry): Values {
  const found = readNow([entry.pid], later)
  if (typeof found === 'number') throw systemError('open', found, { pid: entry.pid }, read)
  const [now] = found as [Partial<ProcessEntry>?]
  return now?.identity?.equals(entry.identity) === true ? now : {}
}

/** Makes plain fields of all of them, as far as the entry may be changed. */
function complete(entry: ProcessEntry): Values {
  const known = keptApart.get(entry)
  if (known !== undefined) return known
  const values = read(entry)
  Reflect.deleteProperty(entry, INSPECT)
  for (const field of LATER) {
    const own = unread(entry, field)
    if (own === undefined) continue
    if (own.configurable !== true) keptApart.set(entry, values)
    else if (values[field] === undefined) Reflect.deleteProperty(entry, field)
    else Object.defineProperty(entry, field, plain(values[field]))
  }
  return values
}

/** The entry that an accessor was reached through: itself, or what inherits from it. */
function ownerOf(receiver: ProcessEntry, field: Later): ProcessEntry {
  let owner: ProcessEntry | null = receiver
  while (owner !== null && unread(owner, field) === undefined)
    owner = Object.getPrototypeOf(owner) as ProcessEntry | null
  return owner ?? receiver
}

const descriptors: PropertyDescriptorMap = {}
for (const field of LATER) {
  descriptors[field] = {
    get(this: ProcessEntry): unknown {
      return complete(ownerOf(this, field))[field]
    },
    set(this: ProcessEntry, value: unknown) {
      const sealed = unread(this, field)?.configurable === false && !Object.isFrozen(this)
      if (sealed) complete(this)[field] = value
      else Object.defineProperty(this, field, plain(value)) // a TypeError where it is frozen
    },
    enumerable: true,
    configurable: true,
  }
}

/** util.inspect shows accessors as such. To look at something must not throw: where it cannot be read, so it stays. */
const inspector: PropertyDescriptor = {
  value(this: ProcessEntry): unknown {
    try {
      complete(this)
    } catch {
      return this
    }
    if (!keptApart.has(this)) return this
    return Object.fromEntries(Object.entries(this).filter(([, value]) => value !== undefined))
  },
  configurable: true,
  writable: true,
}

const ofAll: PropertyDescriptorMap = { ...descriptors, [INSPECT]: inspector }
const { signals, user, cgroup } = descriptors
const ofZombie = { signals, user, cgroup, [INSPECT]: inspector } as PropertyDescriptorMap

/**
 * Adds them to an entry that was read with {@link atOnce}.
 * @internal
 */
export function withLaterFields(entry: ProcessEntry): ProcessEntry {
  // What has ended has neither program nor arguments.
  return Object.defineProperties(entry, entry.state === 'Z' && entry.threads <= 1 ? ofZombie : ofAll)
}
