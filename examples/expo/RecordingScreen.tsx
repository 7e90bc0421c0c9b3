/** Records the user who reads a sentence, and shows how well each word was said. */
import { useSubmit } from 'ai-jobs-client/react';
import { RecordingPresets, requestRecordingPermissionsAsync, setAudioModeAsync, useAudioRecorder } from 'expo-audio';
import { useEffect, useState } from 'react';
import { Text, View } from 'react-native';
import { adviceFor, Button, styles, useConnectionInFront } from './FlashcardsScreen.tsx';

const SENTENCE = 'Water boils at one hundred degrees.';

/** The server takes 30 s at most. */
const MAX_MS = 29_000;

/** What is being done. */
type Step = 'ready' | 'refused' | 'recording';

/** The screen. */
export function RecordingScreen() {
  const recorder = useAudioRecorder(RecordingPresets.HIGH_QUALITY); // m4a, which the server takes
  const [step, setStep] = useState<Step>('ready');
  const { submit, job, result, error, isSubmitting, reset } = useSubmit('pronunciation');
  useConnectionInFront(job);

  const start = async () => {
    reset();
    if (!(await requestRecordingPermissionsAsync()).granted) return setStep('refused');
    await setAudioModeAsync({ allowsRecording: true, playsInSilentMode: true });
    await recorder.prepareToRecordAsync();
    recorder.record();
    setStep('recording');
  };
  const stop = async () => {
    setStep('ready');
    await recorder.stop();
    const { uri } = recorder;
    if (uri !== null)
      await submit({ audio: { uri, name: 'recording.m4a', type: 'audio/mp4' }, referenceText: SENTENCE, language: 'en-US' });
  };
  useEffect(() => {
    if (step !== 'recording') return;
    const timer = setTimeout(() => void stop(), MAX_MS);
    return () => clearTimeout(timer);
  }, [step]);

  const isBusy = isSubmitting || (job !== undefined && !result && !error);
  return (
    <View style={styles.screen}>
      <Text>{SENTENCE}</Text>
      {step === 'recording' ? (
        <Button label="Stop" onPress={() => void stop()} />
      ) : (
        <Button disabled={isBusy} label="Record" onPress={() => void start()} />
      )}
      <Text accessibilityLiveRegion="polite">{isBusy ? 'Listening to it …' : ''}</Text>
      {step === 'refused' && <Text accessibilityRole="alert">Allow the microphone in the settings of the phone.</Text>}
      {error && (
        <Text accessibilityRole="alert" style={styles.problem}>
          {adviceFor(error)}
        </Text>
      )}
      {result && (
        <>
          <Text>{`${Math.round(result.scores.pronunciation)} of 100${result.estimate ? ', estimated' : ''}`}</Text>
          {result.words.map(({ word, accuracy, error: mistake }, n) => (
            <Text key={n} style={mistake === 'none' ? undefined : styles.problem}>
              {`${word}: ${Math.round(accuracy)}${mistake === 'none' ? '' : ` (${mistake})`}`}
            </Text>
          ))}
        </>
      )}
    </View>
  );
}
