/** As a name in SQL, whatever is in it. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** As a string in SQL, whatever is in it. */
export function quotedText(text: string): string {
  const doubled = text.replaceAll("'", "''")
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

/** For `--dbname`: taken for a name, whatever is in it. */
export function connectionTo(database: string): string {
  return `dbname='${database.replaceAll(/['\\]/g, '\\$&')}'`
}

/** A query whose answer is one JSON value: its rows. */
export function asJson(query: string): string {
  return `select coalesce(json_agg(row_to_json(answer)), '[]') from (${query}) answer`
}
