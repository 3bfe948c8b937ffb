import { OPENING_BALANCE } from './bank-server.ts'

/** For MariaDB and MySQL: the same tables as PostgreSQL's. */
export function mysqlSeed(accounts: number): string {
  return `
create table account (
  id int primary key,
  balance bigint not null,
  tx_in bigint not null default 0,
  tx_out bigint not null default 0
) engine=InnoDB;
create table ledger (
  id bigint auto_increment primary key,
  src int not null,
  dst int not null,
  amount int not null,
  at datetime(6) not null,
  memo text,
  foreign key (src) references account (id),
  foreign key (dst) references account (id)
) engine=InnoDB;
insert into account (id, balance)
  with recursive numbers (id) as (select 1 union all select id + 1 from numbers where id < ${accounts})
  select id, ${OPENING_BALANCE} from numbers;
delimiter //
create procedure transfer_for(seconds double)
begin
  declare until_time datetime(6) default sysdate(6) + interval round(seconds * 1000000) microsecond;
  declare accounts, a, b, amount int;
  select count(*) into accounts from account;
  while sysdate(6) < until_time do
    set a = 1 + floor(rand() * accounts), b = 1 + floor(rand() * accounts), amount = 1 + floor(rand() * 100);
    if a <> b then
      begin
        -- Anything but leaving the block would commit the rest of the transfer without its beginning.
        declare exit handler for 1213, 1205 rollback;
        start transaction;
        select count(*) into @locked from account where id in (least(a, b), greatest(a, b)) for update;
        update account set balance = balance - amount, tx_out = tx_out + 1 where id = a;
        update account set balance = balance + amount, tx_in = tx_in + 1 where id = b;
        insert into ledger (src, dst, amount, at, memo) values (a, b, amount, sysdate(6), sha2(rand(), 256));
        commit;
      end;
    end if;
  end while;
end //
delimiter ;
create view bank_state as
  select
    (select count(*) from account) as accounts,
    (select coalesce(sum(balance), 0) from account) as total,
    (select count(*) from ledger) as transfers,
    (select coalesce(sum(tx_out), 0) from account) as transfers_counted,
    (
      select count(*) from account
        left join (select src, sum(amount) as total, count(*) as times from ledger group by src) o on o.src = account.id
        left join (select dst, sum(amount) as total, count(*) as times from ledger group by dst) i on i.dst = account.id
      where balance <> ${OPENING_BALANCE} - coalesce(o.total, 0) + coalesce(i.total, 0)
        or tx_out <> coalesce(o.times, 0) or tx_in <> coalesce(i.times, 0)
    ) as bad_accounts;
`
}
