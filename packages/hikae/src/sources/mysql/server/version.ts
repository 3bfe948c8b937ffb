export type MysqlProduct = 'mariadb' | 'mysql'

export const PRODUCT_NAMES: Readonly<Record<MysqlProduct, string>> = { mariadb: 'MariaDB', mysql: 'MySQL' }

export interface ServerVersion {
  readonly product: MysqlProduct
  /** `10.11.19-MariaDB-log` */
  readonly text: string
  /** `[10, 11]` */
  readonly numbers: readonly [number, number]
}

/** @param text of `select version()` */
export function parseVersion(text: string): ServerVersion {
  // MariaDB says 5.5.5- before, to who would not understand a first number of two digits.
  const [, major = '0', minor = '0'] = /^(?:5\.5\.5-)?(\d+)\.(\d+)/.exec(text) ?? []
  return { product: /mariadb/i.test(text) ? 'mariadb' : 'mysql', text, numbers: [Number(major), Number(minor)] }
}

/** Positive when the first one is later. */
export function compareVersions(one: readonly [number, number], other: readonly [number, number]): number {
  return one[0] - other[0] || one[1] - other[1]
}
