/** Takes a picture of a text. The job that reads it leads to a second one, which makes flashcards of the text. */
import { useSubmit } from 'ai-jobs-client/react';
import { CameraView, useCameraPermissions } from 'expo-camera';
import { useEffect, useRef, useState } from 'react';
import { Text, View } from 'react-native';
import { adviceFor, Button, styles, useConnectionInFront } from './FlashcardsScreen.tsx';
import { findPushToken } from './push.ts';

/** The screen. `onCards`: the id of the job that makes the cards. */
export function CameraScreen({ onCards }: { onCards: (jobId: string) => void }) {
  const [permission, askPermission] = useCameraPermissions();
  const camera = useRef<CameraView>(null);
  const [isReady, setReady] = useState(false);
  const { submit, job, child, status, error, isSubmitting, reset } = useSubmit('image');
  useConnectionInFront(job);
  useEffect(() => {
    if (child) onCards(child.jobId);
  }, [child, onCards]);

  const take = async () => {
    const picture = await camera.current?.takePictureAsync({ quality: 0.7 });
    if (!picture) return;
    const image = { uri: picture.uri, name: 'text.jpg', type: `image/${picture.format === 'png' ? 'png' : 'jpeg'}` };
    await submit({ image, then: 'flashcards', pushToken: await findPushToken() });
  };

  if (!permission?.granted) {
    return (
      <View style={styles.screen}>
        <Text>The camera takes a picture of a text, which becomes flashcards.</Text>
        <Button label="Allow the camera" onPress={() => void askPermission()} />
      </View>
    );
  }
  if (error) {
    return (
      <View style={styles.screen}>
        <Text accessibilityRole="alert" style={styles.problem}>
          {adviceFor(error)}
        </Text>
        <Button label="Another picture" onPress={reset} />
      </View>
    );
  }
  const isBusy = isSubmitting || job !== undefined;
  return (
    <View style={styles.screen}>
      <CameraView onCameraReady={() => setReady(true)} ref={camera} style={styles.camera} />
      <Text accessibilityLiveRegion="polite">{isBusy ? (status === 'active' ? 'Reading the text …' : 'Sending the picture …') : ''}</Text>
      <Button disabled={!isReady || isBusy} label="Take the picture" onPress={() => void take()} />
    </View>
  );
}
