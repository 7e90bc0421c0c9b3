/** Push notifications: the phone's token, and the job of a notification that was pressed. */
import Constants from 'expo-constants';
import {
  addNotificationResponseReceivedListener,
  getExpoPushTokenAsync,
  getLastNotificationResponse,
  requestPermissionsAsync,
} from 'expo-notifications';
import { useEffect } from 'react';

/**
 * The token of this phone, to be given as `pushToken` with a submission; undefined without the user's permission, and in a simulator. Ask
 * when the user submits: who is asked at the start of an app says no.
 */
export async function findPushToken(): Promise<string | undefined> {
  try {
    const { granted } = await requestPermissionsAsync();
    const extra = Constants.expoConfig?.extra as { eas?: { projectId?: string } } | undefined;
    const projectId = extra?.eas?.projectId;
    return granted ? (await getExpoPushTokenAsync(projectId === undefined ? {} : { projectId })).data : undefined;
  } catch {
    return undefined; // the job goes on without it
  }
}

/** What is read of a notification that was pressed. */
type Pressed = { notification: { request: { content: { data?: Record<string, unknown> | null } } } };

/** Calls back with the id of the job whose notification was pressed, also with the one that has started the app. */
export function usePressedJob(onJob: (jobId: string) => void): void {
  useEffect(() => {
    const open = (response: Pressed | null) => {
      const jobId = response?.notification.request.content.data?.['jobId'];
      if (typeof jobId === 'string') onJob(jobId);
    };
    open(getLastNotificationResponse());
    const subscription = addNotificationResponseReceivedListener(open);
    return () => subscription.remove();
  }, [onJob]);
}
