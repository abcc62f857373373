-- Reversal instead of deletion: what is confirmed and turns out wrong is taken back by a document of its own, asked for by one person and approved by another.

alter table erp.request drop constraint request_action_check,
    add constraint request_action_check check (action in ('post', 'retry', 'release', 'write_off', 'reverse')),
    add constraint request_reversal_approved check (action <> 'reverse' or approvers > 0);

-- What a request for a reversal publishes once it is approved, byte for byte.
create table erp.reversal_request (
    request_id   bigint primary key references erp.request,
    document_key text not null references erp.document,
    reversal_key text not null check (reversal_key ~ '^[0-9A-HJKMNP-TV-Z]{16}$' and reversal_key <> document_key),
    content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    content      bytea not null,                         -- the counter-document's Avro binary
    topic        text not null
);
create index reversal_request_by_document on erp.reversal_request (document_key);
create trigger append_only before update or delete or truncate on erp.reversal_request for each statement execute function erp.refuse_change();

-- What reverses what: each document once.
create table erp.reversal (
    document_key text primary key references erp.document,
    reversal_key text not null unique check (reversal_key <> document_key),
    request_id   bigint references erp.request,          -- null: from the topic, where the ledger does not know the request any more
    at           timestamptz not null default clock_timestamp()
);
create trigger append_only before update or delete or truncate on erp.reversal for each statement execute function erp.refuse_change();

create function erp.guard_reversal() returns trigger language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
begin
    if exists (select 1 from erp.reversal v where v.reversal_key = new.document_key) then
        raise exception 'document % is a reversal and cannot be reversed', new.document_key using errcode = 'ER028';
    end if;
    if new.request_id is not null and not exists (
        select 1 from erp.reversal_request q join erp.request r on r.id = q.request_id
        where r.id = new.request_id and r.action = 'reverse' and r.status = 'executed' and r.decided_in = pg_current_xact_id() and (q.document_key, q.reversal_key) = (new.document_key, new.reversal_key)) then
        raise exception 'document % is reversed only by a request that was approved', new.document_key using errcode = 'ER029';
    end if;
    return new;
end $$;
create trigger guard before insert on erp.reversal for each row execute function erp.guard_reversal();

-- Why a document cannot be reversed as the world is now, as a refusal.
create function erp.refuse_irreversible(for_key text) returns void language plpgsql security definer set search_path = pg_catalog, erp, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare d erp.document; other text;
begin
    select * into d from erp.document where document_key = for_key;
    if not found then perform erp.refuse('NOT_FOUND', format('There is no document %s', for_key)); end if;
    if d.kind = 'RECEIPT' then perform erp.refuse('NOT_POSSIBLE', format('Document %s is a receipt: a payment that was applied is undone in the ERP, by people', for_key)); end if;
    select v.document_key into other from erp.reversal v where v.reversal_key = for_key;
    if found then perform erp.refuse('NOT_POSSIBLE', format('Document %s is the reversal of %s: a reversal is not reversed', for_key, other)); end if;
    select v.reversal_key into other from erp.reversal v where v.document_key = for_key;
    if found then perform erp.refuse('REVERSED', format('Document %s is reversed already, by %s', for_key, other)); end if;
    select string_agg(p.state, ', ' order by p.account) into other from erp.posting p where p.document_key = for_key and p.mode = 'post';
    if other is distinct from 'confirmed' then
        perform erp.refuse('NOT_POSSIBLE', format('Document %s is %s: only what is confirmed is reversed', for_key, coalesce(other, 'posted nowhere')));
    end if;
    select e.document_key into other from erp.document e join erp.posting q on q.document_key = e.document_key
    where (e.tenant, e.legal_entity, e.customer_id, e.contract_id, e.period, e.currency) = (d.tenant, d.legal_entity, d.customer_id, d.contract_id, d.period, d.currency)
      and q.mode = 'post' and q.state not in ('confirmed', 'written_off') order by e.revision, e.document_key limit 1;
    if found then perform erp.refuse('UNDER_WAY', format('Document %s of the same series is not confirmed yet', other)); end if;
    -- A reversal that was approved and that the topic has not brought yet.
    select v.reversal_key into other from erp.document e join erp.reversal v on v.document_key = e.document_key
    where (e.tenant, e.legal_entity, e.customer_id, e.contract_id, e.period, e.currency) = (d.tenant, d.legal_entity, d.customer_id, d.contract_id, d.period, d.currency)
      and not exists (select 1 from erp.document x where x.document_key = v.reversal_key) limit 1;
    if found then perform erp.refuse('UNDER_WAY', format('Reversal %s of the same series is not confirmed yet', other)); end if;
    select e.document_key into other from erp.document e join erp.document_line l on l.document_key = e.document_key and l.meter = for_key join erp.posting q on q.document_key = e.document_key
    where e.customer_id = d.customer_id and e.kind = 'RECEIPT' and q.mode = 'post' and q.state not in ('confirmed', 'written_off') order by e.document_key limit 1;
    if found then perform erp.refuse('UNDER_WAY', format('Receipt %s pays it and is not confirmed yet', other)); end if;
    if exists (select 1 from erp.sign_off s where s.period = d.period and s.legal_entity = d.legal_entity and s.voided_at is null) then
        perform erp.refuse('SIGNED_OFF', format('Period %s of %s is signed off: void the sign-off first', d.period, d.legal_entity));
    end if;
end $$;

create function erp.ask_reversal(by_actor text, by_method text, for_key text, counter_key text, counter_hash text, counter bytea, to_topic text, why text) returns bigint
language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare made bigint; earlier bigint; needed int; hours int := coalesce((erp.rules_in_force() ->> 'expireHours')::int, 72);
begin
    perform 1 from erp.posting where document_key = for_key order by account for update;
    perform erp.refuse_irreversible(for_key);
    select r.id into earlier from erp.reversal_request q join erp.request r on r.id = q.request_id
    where q.document_key = for_key and r.status = 'open' and r.expires_at > clock_timestamp() limit 1;
    if found then perform erp.refuse('REQUESTED_ALREADY', format('The reversal of document %s is asked for by request %s', for_key, earlier)); end if;
    insert into erp.request (action, requested_by, expires_at, reason, approvers) values ('reverse', by_actor, clock_timestamp() + make_interval(hours => hours), why, 1) returning id into made;
    insert into erp.request_item (request_id, ordinal, document_key, account)
    select made, row_number() over (order by p.account), p.document_key, p.account from erp.posting p where p.document_key = for_key and p.mode = 'post';
    insert into erp.reversal_request (request_id, document_key, reversal_key, content_hash, content, topic) values (made, for_key, counter_key, counter_hash, counter, to_topic);
    needed := erp.approvers_needed(made);
    update erp.request set approvers = needed, hash = erp.request_hash(made) where id = made;
    perform erp.write_audit(by_actor, by_method, 'reverse.requested', 'request/' || made, null, (select hash from erp.request where id = made),
        jsonb_build_object('document', for_key, 'reversal', counter_key, 'content_hash', counter_hash, 'approvers', needed, 'reason', why));
    return made;
end $$;

-- Decided and on its way to the topic in one transaction.
create function erp.execute_reversal(of_request bigint) returns void language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare q erp.reversal_request;
begin
    select * into strict q from erp.reversal_request where request_id = of_request;
    perform erp.refuse_irreversible(q.document_key);
    insert into erp.reversal (document_key, reversal_key, request_id) values (q.document_key, q.reversal_key, q.request_id);
    insert into erp.outbox (topic, key, value, headers, encoded)
    select q.topic, convert_to(d.customer_id, 'UTF8'), q.content, jsonb_build_object('streams.reverses', encode(convert_to(q.document_key, 'UTF8'), 'base64')), false
    from erp.document d where d.document_key = q.document_key;
end $$;

-- As before, and reversals ---------------------------------------------------------------------------------------------------------------------------------------

create or replace function erp.execute_request(of_request bigint) returns void language plpgsql security definer set search_path = pg_catalog, erp, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare r erp.request; first_approver text;
begin
    update erp.request set status = 'executed' where id = of_request returning * into r;
    if r.action = 'reverse' then
        perform erp.execute_reversal(r.id);
        return;
    end if;
    select a.actor into first_approver from erp.approval a where a.request_id = r.id and a.verdict = 'approve' order by a.at, a.actor limit 1;
    update erp.work_item w
    set resolved_at = clock_timestamp(), resolved_by = r.requested_by, approved_by = first_approver, request_id = r.id,
        resolution = case when r.action <> 'write_off' then 'retry' when exists (select 1 from erp.posting p where p.document_key = w.document_key and p.account = w.account) then 'written_off' else 'discarded' end
    where w.resolved_at is null and w.id in (
        select i.work_item_id from erp.request_item i where i.request_id = r.id
        union select v.id from erp.request_item i join erp.work_item v on v.document_key = i.document_key and v.account = i.account where i.request_id = r.id);
    update erp.posting p
    set state = case when r.action = 'write_off' then 'written_off' else 'planned' end, posting_date = coalesce(r.posting_date, p.posting_date),
        attempts = 0, absences = 0, split = null, next_try_at = clock_timestamp()
    from erp.request_item i where i.request_id = r.id and p.document_key = i.document_key and p.account = i.account;
end $$;

-- What a request would do as the world is now: the action and, for each document, its bytes, amount, posting date, state and work item; of a reversal the counter-document as well.
create or replace function erp.request_hash(of_request bigint) returns text language sql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
    select erp.hash_of(erp.canonical(r.action, r.posting_date::text) || coalesce((
        select string_agg(erp.canonical(i.document_key, i.account, d.content_hash, encode(sha256(d.content), 'hex'), coalesce(d.total, w.amount)::text, coalesce(d.currency, w.currency),
                   coalesce(r.posting_date, p.posting_date, d.document_date)::text, p.state, i.work_item_id::text, (w.resolved_at is not null)::text), '' order by i.ordinal)
        from erp.request_item i left join erp.work_item w on w.id = i.work_item_id left join erp.document d on d.document_key = i.document_key
            left join erp.posting p on p.document_key = i.document_key and p.account = i.account
        where i.request_id = r.id), '') || coalesce((
        select erp.canonical(q.document_key, q.reversal_key, q.content_hash, encode(sha256(q.content), 'hex'), q.topic) from erp.reversal_request q where q.request_id = r.id), ''))
    from erp.request r where r.id = of_request
$$;

-- How many have to approve a request, by the rules in force now. Without rules one, for a write-off and a reversal never less.
create or replace function erp.approvers_needed(of_request bigint) returns int language sql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
    with r as (select * from erp.request where id = of_request),
    i as (
        select coalesce(d.kind, '') as kind, coalesce(d.legal_entity, w.legal_entity, '') as entity, coalesce(d.currency, w.currency, '') as currency, coalesce(d.total, w.amount) as amount,
               coalesce(i.account, '') as account, w.code, i.document_key
        from r join erp.request_item i on i.request_id = r.id left join erp.work_item w on w.id = i.work_item_id left join erp.document d on d.document_key = i.document_key),
    of_rules as (
        select max((a ->> 'approvers')::int) as approvers from r, jsonb_array_elements(erp.rules_in_force() -> 'actions') a
        where erp.fits(a, 'actions', r.action) and exists (
            select 1 from i where erp.fits(a, 'kinds', i.kind) and erp.fits(a, 'legalEntities', i.entity) and erp.fits(a, 'accounts', i.account) group by i.currency
            having erp.exceeds(a, case when bool_or(i.amount is null) then null else sum(abs(i.amount)) end, i.currency)))
    select case when r.action = 'post' then (select max((erp.posting_rule(i.document_key, i.account)).approvers) from i)
        else greatest(coalesce(o.approvers, case when erp.rules_in_force() ? 'actions' then 0 else 1 end), case when r.action in ('write_off', 'reverse') then 1 else 0 end,
            -- What people refused is not sent by fewer people than had to approve it.
            (select max(greatest(1, (erp.posting_rule(i.document_key, i.account)).approvers)) from i where i.code = 'APPROVAL_REFUSED')) end
    from r, of_rules o
$$;

create or replace function erp.grant_roles() returns void language plpgsql as $$
declare
    f regprocedure;
    for_people text[] := array['assign', 'note', 'ask', 'ask_reversal', 'decide', 'decide_many', 'expire_requests', 'begin_call', 'end_call', 'anchor_audit', 'audit_append'];
    not_for_people text[] := array['write_audit', 'execute_request', 'execute_reversal', 'hold_posting', 'decide_one', 'grant_roles'];
begin
    for f in select p.oid from pg_proc p where p.pronamespace = 'erp'::regnamespace and p.proname = any(for_people || not_for_people) loop
        execute format('revoke execute on function %s from public', f);
    end loop;
    if exists (select 1 from pg_roles where rolname = 'erp_reader') then
        grant usage on schema erp to erp_reader;
        grant select on all tables in schema erp to erp_reader;
    end if;
    if exists (select 1 from pg_roles where rolname = 'erp_posting') then
        grant usage on schema erp to erp_posting;
        grant select, insert, update on all tables in schema erp to erp_posting;
        revoke insert, update on erp.audit, erp.audit_head, erp.approval, erp.request, erp.request_item, erp.reversal_request, erp.work_note, erp.people_rules, erp.people_call, erp.migration from erp_posting;
        revoke update on erp.reversal from erp_posting;
        grant execute on function erp.audit_append(text, text, text, jsonb), erp.anchor_audit(text, interval) to erp_posting;
    end if;
    if exists (select 1 from pg_roles where rolname = 'erp_people') then
        grant usage on schema erp to erp_people;
        grant select on all tables in schema erp to erp_people;
        for f in select p.oid from pg_proc p where p.pronamespace = 'erp'::regnamespace and p.proname = any(for_people) loop
            execute format('grant execute on function %s to erp_people', f);
        end loop;
    end if;
end $$;
