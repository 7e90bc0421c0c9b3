-- How long jobs are kept. With ARCHIVE_RETENTION_DAYS the service deletes older ones, with their files; it needs this index.

create index if not exists jobs_finished_at on public.jobs (finished_at);
