/** All jobs of the user, also those of other devices: how each stands now, opening it, and erasing it. */
import type { JobObject } from 'ai-jobs-client';
import { useAiJobs, useJobs } from 'ai-jobs-client/react';
import { useEffect, useState } from 'react';
import { FlatList, Text, View } from 'react-native';
import { adviceFor, Button, styles } from './FlashcardsScreen.tsx';
import { forgetJob, readJobs } from './kept-jobs.ts';

const STATES: Readonly<Record<JobObject['status'], string>> = {
  queued: 'waits',
  waiting: 'waits',
  active: 'is being made',
  completed: 'ready',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** What a job without a title of this phone is called, by its kind. */
const KINDS: Readonly<Record<string, string>> = {
  'generate-flashcards': 'Cards',
  'process-image': 'Text of a picture',
  'pronunciation-assess': 'Recording',
};

/** The screen. `onOpen`: a job was pressed. */
export function JobsScreen({ onOpen }: { onOpen: (jobId: string) => void }) {
  const ai = useAiJobs();
  const { jobs, isLoading, error, connection, hasMore, more, refresh } = useJobs();
  const titles = useTitles(jobs);
  const [eraseFailed, setEraseFailed] = useState(false);

  const erase = async (id: string) => {
    setEraseFailed(false);
    try {
      await ai.resume(id).delete();
      await forgetJob(id);
    } catch {
      setEraseFailed(true); // such as in a tunnel; the job is still there
    }
    await refresh();
  };
  return (
    <View style={styles.screen}>
      <Text accessibilityLiveRegion="polite">{connection.state === 'offline' ? 'No connection. It is tried again by itself.' : ''}</Text>
      {error && connection.state !== 'offline' && (
        <Text accessibilityRole="alert" style={styles.problem}>
          {adviceFor(error)}
        </Text>
      )}
      {eraseFailed && (
        <Text accessibilityRole="alert" style={styles.problem}>
          It could not be erased. Try again.
        </Text>
      )}
      {!isLoading && !error && jobs.length === 0 && <Text>There are no jobs yet.</Text>}
      <FlatList
        data={[...jobs]}
        keyExtractor={({ jobId }) => jobId}
        renderItem={({ item: { jobId, kind, status } }) => {
          const title = titles.get(jobId) ?? KINDS[kind] ?? kind;
          return (
            <View key={jobId} style={styles.row}>
              <Text>{`${title}: ${STATES[status]}`}</Text>
              {kind === 'generate-flashcards' && <Button label={`Open ${title}`} onPress={() => onOpen(jobId)} />}
              <Button label={`Erase ${title}`} onPress={() => void erase(jobId)} />
            </View>
          );
        }}
      />
      {hasMore && <Button label="Older jobs" onPress={() => void more()} />}
    </View>
  );
}

/** The titles that this phone has given to its jobs, by id. They are read again when there are other jobs. */
function useTitles(jobs: readonly JobObject[]): ReadonlyMap<string, string> {
  const [titles, setTitles] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    void readJobs().then((kept) => setTitles(new Map(kept.map(({ id, title }) => [id, title]))));
  }, [jobs.length]);
  return titles;
}
