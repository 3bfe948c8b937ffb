/** Databases that restores of this process are building, or keeping, now: nothing of theirs is to be settled. */
const AT_WORK = new Set<string>()

export function isAtWork(schema: string): boolean {
  return AT_WORK.has(schema)
}

/** Until it is disposed of. */
export function workOn(schemata: readonly string[]): Disposable {
  for (const schema of schemata) AT_WORK.add(schema)
  return {
    [Symbol.dispose]() {
      for (const schema of schemata) AT_WORK.delete(schema)
    },
  }
}
