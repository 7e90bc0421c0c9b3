/** The jobs of this phone: how each stands, and opening or forgetting it. */
import { ApiError, type Client, type JobStatus } from 'ai-jobs-client';
import { useCallback, useEffect, useState } from 'react';
import { FlatList, Text, View } from 'react-native';
import { Button, styles } from './FlashcardsScreen.tsx';
import { forgetJob, type KeptJob, readJobs } from './kept-jobs.ts';

type Row = KeptJob & { status: JobStatus | 'gone' | 'unknown' };

const WORDS: Readonly<Record<Row['status'], string>> = {
  waiting: 'waits',
  active: 'is being made',
  completed: 'ready',
  failed: 'failed',
  cancelled: 'cancelled',
  gone: 'not kept any more',
  unknown: 'no connection',
};

/** The screen. `onOpen`: a job was pressed. */
export function JobsScreen({ ai, onOpen }: { ai: Client; onOpen: (jobId: string) => void }) {
  const [rows, setRows] = useState<Row[]>();
  const load = useCallback(async () => {
    const jobs = await readJobs();
    setRows(await Promise.all(jobs.map(async (job) => ({ ...job, status: await statusOf(ai, job.id) }))));
  }, [ai]);
  useEffect(() => void load(), [load]);
  return (
    <View style={styles.screen}>
      <Button label="Look again" onPress={() => void load()} />
      {rows?.length === 0 && <Text>There are no jobs yet.</Text>}
      <FlatList
        data={rows ?? []}
        keyExtractor={({ id }) => id}
        renderItem={({ item: { id, title, status } }) => (
          <View key={id} style={styles.row}>
            <Text>{`${title}: ${WORDS[status]}`}</Text>
            <Button disabled={status === 'gone'} label={`Open ${title}`} onPress={() => onOpen(id)} />
            <Button label={`Forget ${title}`} onPress={() => void forgetJob(id).then(load)} />
          </View>
        )}
      />
    </View>
  );
}

async function statusOf(ai: Client, id: string): Promise<Row['status']> {
  try {
    return (await ai.resume(id).status()).status as JobStatus;
  } catch (error) {
    return error instanceof ApiError && error.status === 404 ? 'gone' : 'unknown';
  }
}
