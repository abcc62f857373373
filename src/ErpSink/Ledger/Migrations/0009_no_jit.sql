-- What holds the planner to the indexes does so by making all else dear, and dear plans would be compiled to machine code first: some 100 ms for a walk of one.
do $$
declare f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'erp'::regnamespace and array_to_string(p.proconfig, ' ') like '%enable\_%' loop
        execute format('alter function %s set jit = off', f);
    end loop;
end $$;
