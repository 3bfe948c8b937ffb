/** For SQL on stdin: rows come as lines, with tabs between columns; nothing of the user's settings is read. */
export const MYSQL_CLIENT_ARGUMENTS = [
  ...['--no-defaults', '--batch', '--skip-column-names', '--default-character-set=utf8mb4'],
]
