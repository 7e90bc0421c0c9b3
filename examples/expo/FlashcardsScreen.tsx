/** A screen of an Expo app: makes flashcards out of notes and shows each as it comes, over the background, a lost network and a killed app. */
import AsyncStorage from '@react-native-async-storage/async-storage';
import type { Job, Problem } from 'ai-jobs-client';
import { useJob, useSubmit } from 'ai-jobs-client/react';
import { addNetworkStateListener } from 'expo-network';
import { useEffect, useState } from 'react';
import { AccessibilityInfo, AppState, FlatList, Platform, Pressable, StyleSheet, Text, TextInput, View } from 'react-native';
import { findPushToken } from './push.ts';

/** Where the phone keeps the id of the job that is watched. The id alone opens nothing: the server wants the user's token, too. */
const KEPT_JOB = 'flashcards:job';

/** What the screen is given, below an AiJobsProvider. `jobId`: a job to open instead of the last one. `onSubmitted`: what was submitted, by its id. */
export type FlashcardsScreenProps = {
  jobId?: string | undefined;
  onSubmitted?: ((id: string, notes: string) => void) | undefined;
};

/** The screen. */
export function FlashcardsScreen({ jobId, onSubmitted }: FlashcardsScreenProps) {
  const submission = useSubmit('flashcards');
  const kept = useKeptJob(submission.job?.id, jobId);
  const { job, status, items, result, error, position, percent, cancel } = useJob(submission.job ?? kept.id);
  useConnectionInFront(job);
  const [notes, setNotes] = useState('');
  const [cancelFailed, setCancelFailed] = useState(false);

  const problem = submission.error ?? error;
  const hasEnded = job !== undefined && (result !== undefined || error !== undefined);
  const line = statusLine({ isSubmitting: submission.isSubmitting, hasJob: job !== undefined, status, position, percent });
  useAnnouncement(hasEnded ? line : '');

  const submitted = submission.job?.id;
  useEffect(() => {
    if (submitted !== undefined) onSubmitted?.(submitted, notes);
  }, [submitted]);

  const onSubmit = async () => submission.submit({ content: notes, count: 20, pushToken: await findPushToken() });
  const startAnew = () => {
    setCancelFailed(false);
    submission.reset();
    kept.forget();
  };
  const onCancel = () => {
    setCancelFailed(false);
    cancel().catch(() => setCancelFailed(true)); // such as in a tunnel; the job goes on
  };

  return (
    <View style={styles.screen}>
      {job === undefined && (
        <>
          <TextInput
            accessibilityLabel="Your notes"
            multiline
            onChangeText={setNotes}
            placeholder="Your notes"
            style={styles.notes}
            value={notes}
          />
          <Button disabled={submission.isSubmitting || notes.trim() === ''} label="Make flashcards" onPress={() => void onSubmit()} />
        </>
      )}
      <Text accessibilityLiveRegion="polite">{line}</Text>
      {problem && problem.code !== 'cancelled' && (
        <Text accessibilityRole="alert" style={styles.problem}>
          {adviceFor(problem)}
        </Text>
      )}
      {cancelFailed && (
        <Text accessibilityRole="alert" style={styles.problem}>
          It could not be cancelled. Try again.
        </Text>
      )}
      <FlatList
        data={result?.flashcards ?? items.flashcards ?? []}
        keyExtractor={(_, n) => String(n)}
        renderItem={({ item, index }) => <Card back={item.back} front={item.front} key={index} />}
      />
      {job && !hasEnded && <Button label="Cancel" onPress={onCancel} />}
      {hasEnded && <Button label="New cards" onPress={startAnew} />}
    </View>
  );
}

/**
 * The id of the job that this phone watched last, found again after the app was killed, and a function that forgets it. Only the id is kept: the cards
 * went with the app, so the job is followed from its start and brings them all again. An app that keeps the cards keeps `job.cursor` beside them.
 */
function useKeptJob(submitted: string | undefined, opened: string | undefined) {
  const [id, setId] = useState(opened);
  useEffect(() => {
    if (opened === undefined) void AsyncStorage.getItem(KEPT_JOB).then((kept) => kept !== null && setId(kept));
  }, []); // once, when the screen opens
  useEffect(() => {
    const watched = submitted ?? opened;
    if (watched !== undefined) void AsyncStorage.setItem(KEPT_JOB, watched);
  }, [submitted, opened]);
  const forget = () => {
    setId(undefined);
    void AsyncStorage.removeItem(KEPT_JOB);
  };
  return { id, forget };
}

/** Keeps a job connected while the app is in front. The job itself knows where it was, and goes on after the last event that it had. */
export function useConnectionInFront(job: Pick<Job, 'pause' | 'resume'> | undefined): void {
  useEffect(() => {
    if (!job) return;
    const app = AppState.addEventListener('change', (state) => {
      if (state === 'background') job.pause(); // the phone would cut it, and tell nobody
      if (state === 'active') job.resume();
    });
    const network = addNetworkStateListener(({ isConnected }) => {
      if (!isConnected || AppState.currentState !== 'active') return;
      job.pause(); // a connection of the network before is dead; without this the job finds that out by itself, half a minute later
      job.resume();
    });
    return () => {
      app.remove();
      network.remove();
    };
  }, [job]);
}

/** Says a text aloud with VoiceOver. TalkBack does so by `accessibilityLiveRegion`, which iOS does not have. */
function useAnnouncement(text: string): void {
  useEffect(() => {
    if (text !== '' && Platform.OS === 'ios') AccessibilityInfo.announceForAccessibility(text);
  }, [text]);
}

/** How it stands, in a line. */
function statusLine(now: {
  isSubmitting: boolean;
  hasJob: boolean;
  status: string;
  position: number | undefined;
  percent: number;
}): string {
  if (now.isSubmitting) return 'Sending your notes …';
  if (!now.hasJob) return '';
  switch (now.status) {
    case 'completed':
      return 'Your cards are ready.';
    case 'failed':
      return 'It did not work.';
    case 'cancelled':
      return 'Cancelled. The cards that were finished are here.';
    case 'active':
      return `Making cards: ${Math.round(now.percent)} %`;
    default:
      return now.position === undefined ? 'Waiting for its turn …' : `Waiting: place ${now.position}`;
  }
}

/** What the user can do about a problem, by its code. All others are told in the server's words, which are made to be read. */
const ADVICE: Readonly<Record<string, string>> = {
  unreachable: 'You seem to be offline. Try again when you are back.',
  unauthorized: 'Please sign in again.',
  token_expired: 'Please sign in again.',
  job_not_found: 'These cards are not kept any more.',
  content_unusable: 'There is nothing in these notes to make cards of.',
};

/** What is said of a problem. */
export function adviceFor({ code, detail, title }: Problem): string {
  return ADVICE[code] ?? (detail || title);
}

/** A button, large enough for a thumb. */
export function Button({ label, onPress, disabled = false }: { label: string; onPress: () => void; disabled?: boolean }) {
  return (
    <Pressable
      accessibilityRole="button"
      accessibilityState={{ disabled }}
      disabled={disabled}
      onPress={onPress}
      style={[styles.button, disabled && styles.disabled]}
    >
      <Text style={styles.buttonText}>{label}</Text>
    </Pressable>
  );
}

/** A card; a press turns it over. */
function Card({ front, back }: { front: string; back: string }) {
  const [isBack, setBack] = useState(false);
  return (
    <Pressable accessibilityHint="Turns the card over" accessibilityRole="button" onPress={() => setBack(!isBack)} style={styles.card}>
      <Text>{isBack ? back : front}</Text>
    </Pressable>
  );
}

/** What the screens look like. */
export const styles = StyleSheet.create({
  app: { flex: 1, paddingTop: 48 },
  tabs: { flexDirection: 'row', gap: 8, paddingHorizontal: 16 },
  row: { gap: 8, marginBottom: 16 },
  camera: { borderRadius: 8, flex: 1, overflow: 'hidden' },
  screen: { flex: 1, gap: 12, padding: 16 },
  notes: { borderColor: '#777a88', borderRadius: 8, borderWidth: 1, minHeight: 140, padding: 12, textAlignVertical: 'top' },
  problem: { color: '#a3182b' },
  button: {
    alignItems: 'center',
    backgroundColor: '#3446c9',
    borderRadius: 8,
    justifyContent: 'center',
    minHeight: 48,
    paddingHorizontal: 12,
  },
  disabled: { opacity: 0.5 },
  buttonText: { color: '#ffffff', fontWeight: '600' },
  card: { backgroundColor: '#eceefc', borderRadius: 8, marginBottom: 8, minHeight: 64, padding: 12 },
});
