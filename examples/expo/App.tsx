/** The app: cards out of notes or out of a picture, a recording, and the jobs of this phone. */
import type { Client } from 'ai-jobs-client';
import { AiJobsProvider } from 'ai-jobs-client/react';
import { useCallback, useState } from 'react';
import { View } from 'react-native';
import { CameraScreen } from './CameraScreen.tsx';
import { Button, FlashcardsScreen, styles } from './FlashcardsScreen.tsx';
import { JobsScreen } from './JobsScreen.tsx';
import { keepJob } from './kept-jobs.ts';
import { usePressedJob } from './push.ts';
import { RecordingScreen } from './RecordingScreen.tsx';

/** Which screen is shown; of the cards also which job, or the last one. */
type Place = { screen: 'cards'; jobId?: string } | { screen: 'camera' | 'recording' | 'jobs' };

const TABS = [
  ['cards', 'Cards'],
  ['camera', 'Camera'],
  ['recording', 'Recording'],
  ['jobs', 'Jobs'],
] as const;

/** The app. `ai`: the client of its user, for all screens. */
export function App({ ai }: { ai: Client }) {
  const [place, setPlace] = useState<Place>({ screen: 'cards' });
  const openJob = useCallback((jobId: string) => setPlace({ screen: 'cards', jobId }), []);
  const openCards = useCallback(
    (jobId: string) => {
      void keepJob({ id: jobId, title: 'Picture' });
      openJob(jobId);
    },
    [openJob],
  );
  usePressedJob(openJob);
  return (
    <AiJobsProvider client={ai}>
      <View style={styles.app}>
        <View style={styles.tabs}>
          {TABS.map(([screen, label]) => (
            <Button disabled={screen === place.screen} key={screen} label={label} onPress={() => setPlace({ screen })} />
          ))}
        </View>
        {place.screen === 'cards' && (
          <FlashcardsScreen
            key={place.jobId ?? ''}
            jobId={place.jobId}
            onSubmitted={(id, notes) => void keepJob({ id, title: notes.trim().slice(0, 30) })}
          />
        )}
        {place.screen === 'camera' && <CameraScreen onCards={openCards} />}
        {place.screen === 'recording' && <RecordingScreen />}
        {place.screen === 'jobs' && <JobsScreen onOpen={openJob} />}
      </View>
    </AiJobsProvider>
  );
}
