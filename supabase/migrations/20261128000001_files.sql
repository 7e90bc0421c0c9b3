-- The files that jobs have made, as USER/JOB/NAME. The service writes, and users read what is their own.

insert into storage.buckets (id, name, public)
values ('job-files', 'job-files', false)
on conflict (id) do update set public = false;

drop policy if exists "owners read their job files" on storage.objects;
create policy "owners read their job files" on storage.objects
  for select to authenticated
  using (bucket_id = 'job-files' and (storage.foldername(name))[1] = (select auth.uid())::text);
