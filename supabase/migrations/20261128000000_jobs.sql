-- Finished jobs. They stay here when Redis has forgotten them. The service writes, and users read what is their own.
-- Every statement can be run again without harm.

create table if not exists public.jobs (
  id text collate "C" primary key, -- sorted by bytes, as Redis sorts ids: a list is joined of both
  user_id uuid not null references auth.users (id) on delete cascade,
  kind text not null,
  status text not null check (status in ('completed', 'failed', 'cancelled')),
  result jsonb, -- of a completed job; a file stands in it by its name, as in `files`
  error jsonb, -- of a failed job: a problem (RFC 9457)
  usage jsonb,
  cost_usd numeric, -- what its calls have cost, where the prices are known
  provider text,
  model text,
  attempt integer not null,
  max_attempts integer not null,
  progress jsonb,
  leads_to text, -- the kind of the job that it leads to
  end_seq integer not null, -- the number of its last event
  files jsonb not null default '[]', -- [{ name, type, bytes, digest }]: objects USER/JOB/NAME of the bucket job-files
  created_at timestamptz not null,
  started_at timestamptz,
  cancel_requested_at timestamptz,
  finished_at timestamptz not null,
  archived_at timestamptz not null default now()
);

create index if not exists jobs_of_user on public.jobs (user_id, created_at desc, id desc);

alter table public.jobs enable row level security;

revoke all on public.jobs from anon, authenticated;
grant select on public.jobs to authenticated;
grant select, insert, update, delete on public.jobs to service_role;

drop policy if exists "owners read their jobs" on public.jobs;
create policy "owners read their jobs" on public.jobs
  for select to authenticated using ((select auth.uid()) = user_id);

-- A process that was held up between reading a job and writing it must not put an older end over a newer one. Numbers of events
-- grow with each end, whatever the clocks of the processes say.
create or replace function public.keep_newest_end() returns trigger
  language plpgsql set search_path = '' as $$
begin
  if (new.end_seq, new.finished_at) < (old.end_seq, old.finished_at) then return null; end if;
  new.archived_at := now();
  return new;
end $$;

create or replace trigger keep_newest_end
  before update on public.jobs for each row execute function public.keep_newest_end();
