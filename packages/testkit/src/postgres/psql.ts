/** For SQL on stdin: rows come as lines, nothing of the user's settings is read, the first error is the end. */
export const PSQL_ARGUMENTS = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-']
