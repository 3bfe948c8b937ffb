/**
 * How the database has come about, in order: the n-th step leads to version n. What is released is never changed; what is to
 * be different is a further step.
 */
export const MIGRATIONS: readonly string[] = [
  `
  create table runs (
    id text primary key,
    stack text not null,
    job text not null,
    run_trigger text not null,
    started_at text not null,
    ended_at text,
    outcome text,
    host text not null,
    pid integer not null,
    boot text,
    namespace text,
    process_started integer,
    process_lock text,
    program text not null
  ) strict, without rowid;
  create index runs_by_job on runs (job, started_at);
  create index runs_by_time on runs (started_at);

  create table steps (
    run text not null references runs (id) on delete cascade,
    number integer not null,
    kind text not null,
    source text,
    repository text,
    started_at text not null,
    ended_at text,
    outcome text,
    message text,
    hint text,
    facts text,
    primary key (run, number)
  ) strict, without rowid;

  create table source_results (
    run text not null references runs (id) on delete cascade,
    source text not null,
    place integer not null,
    kind text not null,
    outcome text not null,
    started_at text not null,
    seconds real not null,
    bytes integer not null,
    files integer not null,
    is_empty integer not null,
    added_bytes integer not null,
    stored_bytes integer not null,
    findings text not null,
    primary key (run, source)
  ) strict, without rowid;
  create index source_results_by_source on source_results (source, started_at);

  create table source_snapshots (
    run text not null,
    source text not null,
    repository text not null,
    snapshot text not null,
    primary key (run, source, repository),
    foreign key (run, source) references source_results (run, source) on delete cascade
  ) strict, without rowid;
  `,
  `
  create table alert_states (
    key text primary key,
    value text not null
  ) strict, without rowid;

  create table schedule_states (
    job text primary key,
    first_seen text not null,
    last_started text
  ) strict, without rowid;
  `,
  `
  create table labelled_sources (
    source text primary key,
    kind text not null,
    jobs text not null,
    container text not null,
    first_seen text not null,
    last_seen text not null
  ) strict, without rowid;
  `,
  `
  create table drills (
    number integer primary key autoincrement,
    source text not null,
    kind text not null,
    started_at text not null,
    seconds real not null,
    outcome text not null,
    snapshot text not null,
    point_time text not null,
    repository text not null,
    files integer,
    bytes integer,
    findings text not null
  ) strict;
  create index drills_by_source on drills (source, number);
  `,
]
