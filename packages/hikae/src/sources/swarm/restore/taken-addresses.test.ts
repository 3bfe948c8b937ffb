import { describe, expect, test } from 'vitest'
import { networkDocument } from '../documents.ts'
import { whoHasAddresses } from './taken-addresses.ts'

const network = (Name: string, ...subnets: string[]) =>
  networkDocument.parse({ Name, Driver: 'overlay', IPAM: { Config: subnets.map((Subnet) => ({ Subnet })) } })

describe('addresses of a network are taken', () => {
  test.each([
    ['10.0.1.0/24', '10.0.1.0/24', true],
    ['10.0.1.0/24', '10.0.0.0/16', true],
    ['10.0.0.0/16', '10.0.1.0/24', true],
    ['10.0.1.0/24', '10.0.2.0/24', false],
    ['fd00:1::/64', 'fd00:1::/48', true],
    ['fd00:1::/64', 'fd00:2::/64', false],
    ['10.0.1.0/24', 'fd00:1::/64', false],
    ['10.0.1.0/24', '', false],
  ])('%s where %s is: %s', (wanted, there, isTaken) => {
    expect(whoHasAddresses(network('inner', wanted), [network('taker', there)])).toBe(isTaken ? 'taker' : undefined)
  })

  test('by none when the network wants none', () => {
    expect(whoHasAddresses(network('inner'), [network('taker', '10.0.1.0/24')])).toBeUndefined()
  })
})
