-- Who may do what.

do $$
declare r text;
begin
    foreach r in array array['erp_posting', 'erp_people', 'erp_reader'] loop
        begin
            if not exists (select 1 from pg_roles where rolname = r) then execute format('create role %I nologin', r); end if;
        exception when duplicate_object or unique_violation or insufficient_privilege then
            raise notice 'role % is not created here', r;
        end;
    end loop;
end $$;

-- What the roles may do, as far as they exist. Called after every migration; a database administrator who makes the roles later calls it too.
create function erp.grant_roles() returns void language plpgsql as $$
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

-- What holds the planner to the indexes does so by making all else dear, and dear plans would be compiled to machine code first: some 100 ms for a walk of one.
do $$
declare f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'erp'::regnamespace and array_to_string(p.proconfig, ' ') like '%enable\_%' loop
        execute format('alter function %s set jit = off', f);
    end loop;
end $$;
