/** The name of a database, table or column, as a statement has it. */
export function quotedName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A text, as a statement has it whatever the session thinks of backslashes. */
export function quotedText(text: string): string {
  return text === '' ? "''" : `convert(0x${Buffer.from(text).toString('hex')} using utf8mb4)`
}
