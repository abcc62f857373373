-- The posting ledger: what has to reach the ERP, what was tried, what became of it.

create table erp.document (
    document_key     text primary key check (document_key ~ '^[0-9A-HJKMNP-TV-Z]{16}$'),
    content_hash     text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    tenant           text not null,
    legal_entity     text not null,
    kind             text not null check (kind in ('AR_INVOICE', 'GL_JOURNAL', 'CREDIT_MEMO', 'RECEIPT')),
    customer_id      text not null,
    contract_id      text not null,
    contract_version int not null,
    period           text not null,
    revision         int not null check (revision >= 1),
    currency         text not null check (currency ~ '^[A-Z]{3}$'),
    document_date    date not null,
    total            numeric(28, 9) not null,
    rated_total      numeric(28, 9) not null,
    -- What the document adds to what is receivable: a credit memo states what is credited, a receipt what was paid, as positive amounts.
    balance          numeric(28, 9) not null generated always as (case when kind in ('CREDIT_MEMO', 'RECEIPT') then -total else total end) stored,
    content          bytea not null,                     -- the document's Avro binary
    source_topic     text not null,
    source_partition int not null,
    source_offset    bigint not null,
    planned_at       timestamptz not null default clock_timestamp()
);
create index document_series on erp.document (customer_id, contract_id, period, revision);
create index document_period on erp.document (period, legal_entity);

-- A document's way into one ERP account: where it stands there. A document routed to two accounts has two.
create table erp.posting (
    document_key  text not null references erp.document,
    account       text not null,
    mode          text not null default 'post' check (mode in ('post', 'compare')),
    state         text not null default 'planned'
                  check (state in ('waiting', 'planned', 'claimed', 'sent', 'accepted', 'created', 'unknown', 'held', 'refused', 'written_off', 'confirmed', 'comparing', 'compared')),
    kind          text not null,
    revision      int not null,
    priority      smallint not null default 0,           -- higher goes first
    posting_date  date,                                  -- moved to an open period; null: the document's own date
    split         int,                                   -- documents in a call at most, after a call was refused as a whole
    outcome       text,                                  -- of the last call
    reason        text,                                  -- code of the last outcome that was not a success
    erp_id        text,                                  -- the record's id in the ERP, as soon as it is known
    job           text,                                  -- the ERP's job that makes it
    posted_on     date,                                  -- as the ERP says
    mapping       text,                                  -- version of the mapping that it was sent by
    attempts      int not null default 0,                -- postings sent; throttled ones do not count
    absences      int not null default 0,                -- look-ups in a row that found nothing
    call_id       bigint,                                -- the call that it is in, or was in last
    claimed_by    text,
    claimed_until timestamptz,
    next_try_at   timestamptz not null default clock_timestamp(),
    changed_at    timestamptz not null default clock_timestamp(),
    primary key (document_key, account)
) with (fillfactor = 70);
create index posting_due on erp.posting (account, priority desc, next_try_at, document_key) where state in ('planned', 'unknown', 'accepted', 'created', 'comparing');
create index posting_leased on erp.posting (account, claimed_until) where state in ('claimed', 'sent');

create table erp.document_line (
    document_key text not null references erp.document,
    line         int not null,
    product      text not null,
    meter        text not null,
    quantity     numeric(28, 9) not null,
    rated_amount numeric(28, 9) not null,
    amount       numeric(28, 9) not null,
    windows      bigint not null,
    events       bigint not null,
    primary key (document_key, line)
);

create table erp.lineage_range (
    document_key text not null,
    line         int not null,
    ordinal      int not null,
    topic        text not null,
    partition    int not null,
    first_offset bigint not null,
    last_offset  bigint not null check (last_offset >= first_offset),
    events       bigint not null,
    primary key (document_key, line, ordinal),
    foreign key (document_key, line) references erp.document_line
);
create index lineage_by_offset on erp.lineage_range (topic, partition, first_offset);

-- Every call, written before it is made; without an end the caller died or has not heard yet.
create table erp.call (
    id          bigint generated always as identity primary key,
    account     text not null,
    call        text not null check (call in ('post', 'lookup', 'finish')),
    instance    text not null,
    documents   int not null,
    started_at  timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);
create index call_open on erp.call (account) where finished_at is null;

-- What became of each document in each call.
create table erp.attempt (
    id           bigint generated always as identity,
    call_id      bigint not null,
    document_key text not null,
    account      text not null,
    outcome      text not null check (outcome in ('created', 'accepted', 'throttled', 'unauthorized', 'not_sent', 'unknown', 'duplicate', 'validation', 'period_closed',
                                                  'found', 'unposted', 'different', 'absent')),
    http_status  int,
    code         text,
    detail       text,
    erp_id       text
);
create index attempt_by_document on erp.attempt (document_key, id);

create table erp.transition (
    id           bigint generated always as identity,
    document_key text not null,
    account      text not null,
    from_state   text,
    to_state     text not null,
    reason       text,
    instance     text,
    call_id      bigint,
    at           timestamptz not null default clock_timestamp()
);
create index transition_by_document on erp.transition (document_key, id);

-- Whether what has to be in the ERP before a posting is there: the earlier revisions of its series, and what a receipt pays.
create function erp.is_its_turn(p erp.posting) returns boolean language sql stable as $$
    select not exists (
        select 1 from erp.document d join erp.document e using (tenant, legal_entity, customer_id, contract_id, period, currency) join erp.posting q on q.document_key = e.document_key
        where d.document_key = p.document_key and e.revision < d.revision and q.account = p.account and q.state not in ('confirmed', 'compared', 'written_off'))
    and (p.kind <> 'RECEIPT' or not exists (
        select 1 from erp.document_line l join erp.posting q on q.document_key = l.meter
        where l.document_key = p.document_key and q.account = p.account and q.state not in ('confirmed', 'compared', 'written_off')))
$$;

-- Whether a posting is to be worked on now.
create function erp.is_due(p erp.posting) returns boolean language sql stable as $$
    select (p.claimed_until is null or p.claimed_until < clock_timestamp()) and (p.state <> 'planned' or (p.revision = 1 and p.kind <> 'RECEIPT') or erp.is_its_turn(p))
$$;

-- Whether the most urgent due posting is priority work; null when nothing is due. These two walk along posting_due: with a million postings due any other plan sorts them all.
create function erp.urgency(for_account text) returns boolean language sql stable set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off as $$
    select p.priority > 0 from erp.posting p
    where p.account = for_account and p.state in ('planned', 'unknown', 'accepted', 'created', 'comparing') and p.next_try_at <= clock_timestamp() and erp.is_due(p)
    order by p.priority desc, p.next_try_at, p.document_key limit 1
$$;

-- Claims due postings for one call: the most urgent one, and others in its state, of its kind where calls must not mix kinds, and as few as it was split to.
create function erp.claim(for_account text, for_instance text, lease interval, most int, same_kind boolean) returns setof erp.posting language plpgsql
set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off as $$
declare first erp.posting; keys text[];
begin
    select * into first from erp.posting p
    where p.account = for_account and p.state in ('planned', 'unknown', 'accepted', 'created', 'comparing') and p.next_try_at <= clock_timestamp() and erp.is_due(p)
    order by p.priority desc, p.next_try_at, p.document_key limit 1 for update skip locked;
    if first.document_key is null then return; end if;
    keys := array(
        select p.document_key from erp.posting p
        where p.account = for_account and p.state in ('planned', 'unknown', 'accepted', 'created', 'comparing') and p.next_try_at <= clock_timestamp() and erp.is_due(p)
          and p.state = first.state and (p.kind = first.kind or not same_kind) and p.split is not distinct from first.split
          and (p.outcome is not distinct from 'unposted') = (first.outcome is not distinct from 'unposted')
        order by p.priority desc, p.next_try_at, p.document_key limit least(most, coalesce(first.split, most)) for update skip locked);
    return query
        update erp.posting p
        set state = case when p.state = 'planned' then 'claimed' else p.state end, claimed_by = for_instance, claimed_until = clock_timestamp() + lease
        where p.document_key = any(keys) and p.account = for_account
        returning p.*;
end $$;

-- How far the topic has been taken in, and what became of each record below that position.
create table erp.consumer_position (
    consumer_group text not null,
    topic          text not null,
    partition      int not null,
    next_offset    bigint not null,
    planned        bigint not null default 0,
    duplicates     bigint not null default 0,
    conflicts      bigint not null default 0,
    rejected       bigint not null default 0,
    primary key (consumer_group, topic, partition)
);

create table erp.work_item (
    id               bigint generated always as identity primary key,
    code             text not null,
    detail           text not null,
    document_key     text,
    account          text,
    customer_id      text,
    amount           numeric(28, 9),
    currency         text,
    source_topic     text not null,
    source_partition int not null,
    source_offset    bigint not null,
    owner            text,
    opened_at        timestamptz not null default clock_timestamp(),
    resolved_at      timestamptz,
    resolution       text check (resolution in ('retry', 'confirmed', 'discarded', 'written_off')),
    resolved_by      text,
    approved_by      text,
    check (resolution is null or resolution not in ('retry', 'written_off') or (resolved_by is not null and approved_by is not null and resolved_by <> approved_by))
);
-- The same trouble is listed once while it is open.
create unique index work_item_open on erp.work_item (source_topic, source_partition, source_offset, code, coalesce(account, '')) where resolved_at is null;
create index work_item_by_document on erp.work_item (document_key);

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

-- Takes a place for one request. way is null when there is none now; wait then says how long to wait at least.
create function erp.take_slot(for_account text, for_instance text, urgent boolean, lease interval, out way int, out place int, out wait interval) language plpgsql as $$
declare q erp.quota; now_at timestamptz := clock_timestamp(); spacing interval; lowest int;
begin
    select * into q from erp.quota where account = for_account for update;
    if q.paused_until > now_at then wait := q.paused_until - now_at; return; end if;
    if q.requests is not null then
        spacing := q.length / greatest(1, q.requests * q.share / 100);
        -- A tenth of the quota may go at once; then the even pace.
        if not urgent and q.paced_at - spacing * greatest(1, q.requests / 10) > now_at then wait := q.paced_at - spacing * greatest(1, q.requests / 10) - now_at; return; end if;
    end if;
    lowest := case when urgent then 0 else q.reserve end;
    select s.slot into way from erp.slot s
    where s.account = for_account and s.kind = 'way' and s.slot < q.concurrency and s.slot >= least(lowest, q.concurrency - 1) and s.free_at <= now_at order by s.slot limit 1;
    if way is null then wait := interval '5 milliseconds'; return; end if;
    if q.requests is not null then
        select s.slot, s.free_at - now_at into place, wait from erp.slot s
        where s.account = for_account and s.kind = 'window' and s.slot < greatest(1, q.requests * q.share / 100) and s.slot >= case when urgent then 0 else q.requests * q.reserve / q.concurrency end
        order by s.free_at limit 1;
        if wait > interval '0' or place is null then way := null; place := null; wait := coalesce(wait, interval '5 milliseconds'); return; end if;
        update erp.slot set instance = for_instance, free_at = now_at + lease + q.length where account = for_account and kind = 'window' and slot = place;
        update erp.quota set paced_at = greatest(paced_at, now_at) + spacing where account = for_account;
    end if;
    update erp.slot set instance = for_instance, free_at = now_at + lease where account = for_account and kind = 'way' and slot = way;
    wait := null;
end $$;

-- The answer came: the way is free, the place in the window when a whole one has passed.
create function erp.give_slot(for_account text, for_instance text, the_way int, the_place int) returns void language plpgsql as $$
begin
    -- Should the server lose this with a crash, the places are only taken for longer.
    perform set_config('synchronous_commit', 'off', true);
    update erp.slot set instance = null, free_at = 'epoch' where account = for_account and kind = 'way' and slot = the_way and instance = for_instance;
    update erp.slot set free_at = clock_timestamp() + (select length from erp.quota where account = for_account)
    where account = for_account and kind = 'window' and slot = the_place and instance = for_instance;
end $$;

-- The routes by which documents were planned, each state of them.
create table erp.route_table (
    version    int generated always as identity primary key,
    content    jsonb not null,
    applied_at timestamptz not null default clock_timestamp()
);

-- Records to be published, written in the transaction that they tell of.
create table erp.outbox (
    id           bigint generated always as identity primary key,
    topic        text not null,
    key          bytea,
    value        bytea,
    headers      jsonb not null default '{}',            -- name to base64
    encoded      boolean not null,                       -- false: value is Avro binary without the registry's header
    published_at timestamptz
);
create index outbox_waiting on erp.outbox (id) where published_at is null;

-- The edges of the state machine, and what each of them presupposes.
create function erp.guard_posting() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then raise exception 'a posting in the ledger is never deleted (%)', old.document_key using errcode = 'ER001'; end if;
    if old.state in ('confirmed', 'compared', 'written_off') then raise exception 'document % is % and cannot change', old.document_key, old.state using errcode = 'ER002'; end if;
    if (new.document_key, new.account, new.mode, new.kind, new.revision) is distinct from (old.document_key, old.account, old.mode, old.kind, old.revision) then
        raise exception 'what posting % is cannot change', old.document_key using errcode = 'ER003';
    end if;
    if new.state = old.state then return new; end if;
    -- To look a document up is always allowed; after a restore what the ledger says of it may be old.
    if not (new.state = 'unknown' and new.reason is not distinct from 'AFTER_RESTORE' and old.state in ('waiting', 'planned', 'claimed', 'held', 'refused'))
       and not (old.state = 'unknown' and new.state = 'waiting' and old.reason is not distinct from 'AFTER_RESTORE' and old.call_id is null)
       and not (old.state, new.state) in (
        ('waiting', 'planned'), ('waiting', 'refused'), ('planned', 'claimed'), ('planned', 'waiting'), ('claimed', 'planned'), ('claimed', 'sent'), ('claimed', 'refused'),
        ('sent', 'created'), ('sent', 'accepted'), ('sent', 'unknown'), ('sent', 'refused'), ('sent', 'held'), ('sent', 'planned'),
        ('accepted', 'created'), ('accepted', 'confirmed'), ('accepted', 'unknown'), ('accepted', 'refused'), ('accepted', 'held'), ('accepted', 'planned'),
        ('created', 'confirmed'), ('created', 'refused'), ('created', 'held'),
        ('unknown', 'confirmed'), ('unknown', 'created'), ('unknown', 'planned'), ('unknown', 'refused'), ('unknown', 'held'),
        ('held', 'planned'), ('refused', 'planned'), ('held', 'written_off'), ('refused', 'written_off'), ('comparing', 'compared')) then
        raise exception 'document % cannot go from % to %', old.document_key, old.state, new.state using errcode = 'ER004';
    end if;
    if new.state = 'sent' and (new.call_id is null or new.call_id is not distinct from old.call_id or new.outcome is not null) then
        raise exception 'document % cannot be sent without a call on record', old.document_key using errcode = 'ER005';
    end if;
    if new.state in ('confirmed', 'compared') and new.outcome is distinct from 'found' and not (new.state = 'compared' and new.outcome in ('different', 'absent')) then
        raise exception 'document % cannot be confirmed without having been found in the ERP', old.document_key using errcode = 'ER006';
    end if;
    if old.state in ('unknown', 'accepted') and new.state = 'planned' and new.outcome is distinct from 'absent' then
        raise exception 'document % cannot be sent again without a negative look-up', old.document_key using errcode = 'ER007';
    end if;
    if old.state = 'sent' and new.state = 'planned' and (new.outcome is null or not (new.outcome in ('throttled', 'unauthorized', 'not_sent')
        or (new.outcome = 'validation' and new.split is not null and new.split < coalesce(old.split, 2147483647))
        or (new.outcome = 'period_closed' and new.posting_date is distinct from old.posting_date))) then
        raise exception 'document % may have reached the ERP', old.document_key using errcode = 'ER008';
    end if;
    if old.state in ('held', 'refused') and exists
        (select 1 from erp.work_item w where w.document_key = old.document_key and w.account = old.account and w.resolved_at is null) then
        raise exception 'document % has an open work item', old.document_key using errcode = 'ER009';
    end if;
    if new.state = 'sent' then new.mapping := coalesce(new.mapping, old.mapping); end if;
    new.changed_at := clock_timestamp();
    return new;
end $$;

create function erp.record_plans() returns trigger language plpgsql as $$
begin
    insert into erp.transition (document_key, account, to_state, reason) select document_key, account, state, reason from after_rows;
    return null;
end $$;

-- Without statistics of the two row sets a nested loop is what the planner would take.
create function erp.record_transitions() returns trigger language plpgsql set enable_nestloop = off as $$
begin
    insert into erp.transition (document_key, account, from_state, to_state, reason, instance, call_id)
    select n.document_key, n.account, o.state, n.state, n.reason, coalesce(n.claimed_by, o.claimed_by), n.call_id
    from after_rows n join before_rows o using (document_key, account) where n.state <> o.state;
    return null;
end $$;

create function erp.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'ER010';
end $$;

-- A call ends once.
create function erp.guard_call() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.finished_at is not null or (new.id, new.account, new.call, new.instance, new.started_at) is distinct from (old.id, old.account, old.call, old.instance, old.started_at) then
        raise exception 'call % cannot change', old.id using errcode = 'ER011';
    end if;
    return new;
end $$;

create trigger guard before update or delete on erp.posting for each row execute function erp.guard_posting();
create trigger plans after insert on erp.posting referencing new table as after_rows for each statement execute function erp.record_plans();
create trigger history after update on erp.posting referencing old table as before_rows new table as after_rows for each statement execute function erp.record_transitions();
create trigger guard before update or delete on erp.call for each row execute function erp.guard_call();
create trigger append_only before update or delete on erp.document for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.attempt for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.transition for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.document_line for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.lineage_range for each row execute function erp.refuse_change();
