import { OPENING_BALANCE } from './bank-server.ts'

/**
 * Each account is a hash `account:N` with a balance and counters; the ledger is one for each account, and the totals of
 * what went out and came in: as many facts that have to agree, of several types.
 */
export const REDIS_SEED = `
for id = 1, tonumber(ARGV[1]) do
  redis.call('HSET', 'account:' .. id, 'balance', ${OPENING_BALANCE}, 'in', 0, 'out', 0)
end
redis.call('SET', 'bank:accounts', ARGV[1])
redis.call('SET', 'bank:transfers', 0)
`

/** A script is one moment: nobody sees half a transfer. */
export const REDIS_TRANSFERS = `
local accounts = tonumber(redis.call('GET', 'bank:accounts'))
math.randomseed(tonumber(ARGV[1]) + tonumber(redis.call('TIME')[2]))
for _ = 1, 20 do
  local a, b, amount = math.random(accounts), math.random(accounts), math.random(100)
  if a ~= b then
    redis.call('HINCRBY', 'account:' .. a, 'balance', -amount)
    redis.call('HINCRBY', 'account:' .. a, 'out', 1)
    redis.call('HINCRBY', 'account:' .. b, 'balance', amount)
    redis.call('HINCRBY', 'account:' .. b, 'in', 1)
    redis.call('ZINCRBY', 'bank:sent', amount, a)
    redis.call('ZINCRBY', 'bank:received', amount, b)
    redis.call('INCR', 'bank:transfers')
  end
end
`

/** Five numbers, in the order of {@link BankState}. */
export const REDIS_STATE = `
local accounts, total, counted, bad = 0, 0, 0, 0
for id = 1, tonumber(redis.call('GET', 'bank:accounts') or 0) do
  local account = redis.call('HMGET', 'account:' .. id, 'balance', 'out')
  if account[1] then
    local balance = tonumber(account[1])
    local sent = tonumber(redis.call('ZSCORE', 'bank:sent', id) or 0)
    local received = tonumber(redis.call('ZSCORE', 'bank:received', id) or 0)
    accounts, total, counted = accounts + 1, total + balance, counted + tonumber(account[2])
    if balance ~= ${OPENING_BALANCE} - sent + received then bad = bad + 1 end
  else
    bad = bad + 1
  end
end
return { accounts, total, tonumber(redis.call('GET', 'bank:transfers') or 0), counted, bad }
`
