/** Numbers of SFTP version 3 (draft-ietf-secsh-filexfer-02, section 3); only what this client sends or understands. */
export const PacketType = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fsetstat: 10,
  openFolder: 11,
  readFolder: 12,
  remove: 13,
  makeFolder: 14,
  stat: 17,
  rename: 18,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
  extended: 200,
  extendedReply: 201,
} as const

/** How a file is opened. */
export const OpenFlag = { read: 1, write: 2, create: 8, exclusive: 32 } as const
