type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** The same fields, those left out that are undefined. */
export function withoutUndefined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>
}
