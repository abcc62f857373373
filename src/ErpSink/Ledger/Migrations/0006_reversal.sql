-- Reversal instead of deletion: what is confirmed and turns out wrong is taken back by a document of its own, asked for by one person and approved by another.

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
