/** `scheme://user:` and the password before the last `@` of the host part. */
const ADDRESS = /([a-z][a-z\d+.-]*:\/\/[^\s/?#:@]*:)([^\s/?#]+)(?=@)/gi

/** The passwords in addresses such as `https://user:password@host/`. */
export function passwordsIn(text: string): string[] {
  return [...text.matchAll(ADDRESS)].map(([, , password]) => password!)
}

export function withoutPasswords(text: string, mask: string): string {
  return text.replace(ADDRESS, (_, before: string) => before + mask)
}
