-- Places of a quota: asked for by one of a process at a time; whoever certainly gets none neither waits for the others nor writes; a place that was not used counts for nothing.

-- One ERP account's quota, shared by all instances: what it allows, and what it pauses for.
create table erp.quota (
    account       text primary key,
    concurrency   int not null,                          -- requests at a time
    requests      int,                                   -- requests in any window of that length; null: as many as concurrency lets through
    length        interval,
    reserve       int not null,                          -- of them, kept for priority work
    share         int not null default 100,              -- percent of the requests, lowered while others use the account
    paced_at      timestamptz not null default 'epoch', -- when the next request is due by the even pace
    paused_until  timestamptz not null default 'epoch',
    throttled     int not null default 0                 -- refusals in a row
);

-- One row for each request that may be under way ('way') or counted within the window ('window'), and when it is free again. A request's place in the window is
-- given back a whole window after its answer came: the ERP saw it earlier than that, so no window of its own holds more.
create table erp.slot (
    account  text not null,
    kind     text not null check (kind in ('way', 'window')),
    slot     int not null,
    instance text,
    free_at  timestamptz not null default 'epoch',
    primary key (account, kind, slot)
) with (fillfactor = 50);
create index slot_free on erp.slot (account, kind, free_at);

-- Which places are free for one request now: way (and place, where requests are counted by a window), or how long there will be none at least. Changes nothing.
create function erp.free_slot(q erp.quota, urgent boolean, out way int, out place int, out wait interval) language plpgsql as $$
declare now_at timestamptz := clock_timestamp(); spacing interval;
begin
    if q.paused_until > now_at then wait := q.paused_until - now_at; return; end if;
    if q.requests is not null and not urgent then
        spacing := q.length / greatest(1, q.requests * q.share / 100);
        -- A tenth of the quota may go at once; then the even pace.
        wait := q.paced_at - spacing * greatest(1, q.requests / 10) - now_at;
        if wait > interval '0' then return; end if;
    end if;
    select s.slot into way from erp.slot s
    where s.account = q.account and s.kind = 'way' and s.slot < q.concurrency and s.slot >= least(case when urgent then 0 else q.reserve end, q.concurrency - 1) and s.free_at <= now_at order by s.slot limit 1;
    if way is null then wait := interval '20 milliseconds'; return; end if;
    wait := null;
    if q.requests is null then return; end if;
    select s.slot, s.free_at - now_at into place, wait from erp.slot s
    where s.account = q.account and s.kind = 'window' and s.slot < greatest(1, q.requests * q.share / 100) and s.slot >= case when urgent then 0 else q.requests * q.reserve / q.concurrency end
    order by s.free_at limit 1;
    if wait > interval '0' or place is null then way := null; place := null; wait := coalesce(wait, interval '20 milliseconds'); else wait := null; end if;
end $$;

-- Takes a place for one request. way is null when there is none now; wait then says how long to wait at least.
create function erp.take_slot(for_account text, for_instance text, urgent boolean, lease interval, out way int, out place int, out wait interval) language plpgsql as $$
declare q erp.quota; now_at timestamptz;
begin
    -- Whoever certainly gets nothing neither waits for the others nor writes: the row's lock is held until a commit is on disk.
    select * into q from erp.quota where account = for_account;
    select f.way, f.place, f.wait into way, place, wait from erp.free_slot(q, urgent) f;
    if way is null then return; end if;
    select * into q from erp.quota where account = for_account for update;
    select f.way, f.place, f.wait into way, place, wait from erp.free_slot(q, urgent) f;
    if way is null then
        perform set_config('synchronous_commit', 'off', true);
        return;
    end if;
    now_at := clock_timestamp();
    if place is not null then
        update erp.slot set instance = for_instance, free_at = now_at + lease + q.length where account = for_account and kind = 'window' and slot = place;
        update erp.quota set paced_at = greatest(paced_at, now_at) + length / greatest(1, requests * share / 100) where account = for_account;
    end if;
    update erp.slot set instance = for_instance, free_at = now_at + lease where account = for_account and kind = 'way' and slot = way;
end $$;

create function erp.give_slot(for_account text, for_instance text, the_way int, the_place int, used boolean) returns void language plpgsql as $$
begin
    -- Should the server lose this with a crash, the places are only taken for longer.
    perform set_config('synchronous_commit', 'off', true);
    update erp.slot set instance = null, free_at = 'epoch' where account = for_account and kind = 'way' and slot = the_way and instance = for_instance;
    update erp.slot set free_at = case when used then clock_timestamp() + (select length from erp.quota where account = for_account) else 'epoch' end
    where account = for_account and kind = 'window' and slot = the_place and instance = for_instance;
    if found and not used then update erp.quota set paced_at = paced_at - length / greatest(1, requests * share / 100) where account = for_account; end if;
end $$;
