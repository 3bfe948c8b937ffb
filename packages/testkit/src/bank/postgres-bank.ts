import { OPENING_BALANCE } from './bank-server.ts'

export function postgresSeed(accounts: number): string {
  return `
create table account (
  id int primary key,
  balance bigint not null,
  tx_in bigint not null default 0,
  tx_out bigint not null default 0
);
create table ledger (
  id bigint generated always as identity primary key,
  src int not null references account,
  dst int not null references account,
  amount int not null,
  at timestamptz not null default clock_timestamp(),
  memo text
);
create index on ledger (src);
create index on ledger (dst);
insert into account select id, ${OPENING_BALANCE} from generate_series(1, ${accounts}) id;
create procedure transfer_for(seconds float) language plpgsql as $$
declare
  accounts int := (select count(*) from account);
  until timestamptz := clock_timestamp() + make_interval(secs => seconds);
  a int;
  b int;
  sum int;
begin
  while clock_timestamp() < until loop
    a := 1 + floor(random() * accounts);
    b := 1 + floor(random() * accounts);
    continue when a = b;
    sum := 1 + floor(random() * 100);
    -- In the same order by everybody: no deadlocks.
    perform from account where id in (a, b) order by id for update;
    update account set balance = balance - sum, tx_out = tx_out + 1 where id = a;
    update account set balance = balance + sum, tx_in = tx_in + 1 where id = b;
    insert into ledger (src, dst, amount, memo) values (a, b, sum, md5(random()::text));
    commit;
  end loop;
end $$;
create view bank_state as
  select
    (select count(*) from account) as accounts,
    (select coalesce(sum(balance), 0) from account) as total,
    (select count(*) from ledger) as transfers,
    (select coalesce(sum(tx_out), 0) from account) as transfers_counted,
    (
      select count(*) from account
        left join (select src, sum(amount) as total, count(*) as times from ledger group by src) o on o.src = id
        left join (select dst, sum(amount) as total, count(*) as times from ledger group by dst) i on i.dst = id
      where balance <> ${OPENING_BALANCE} - coalesce(o.total, 0) + coalesce(i.total, 0)
        or tx_out <> coalesce(o.times, 0) or tx_in <> coalesce(i.times, 0)
    ) as bad_accounts;
`
}
