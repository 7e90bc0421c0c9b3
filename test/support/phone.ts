/** A phone as the Expo example knows one: what it imports of React Native and Expo, drawn as HTML, and the events that a test makes happen. */
import { readFileSync } from 'node:fs';
import { createElement, type ReactElement, type ReactNode, type Ref, useEffect, useImperativeHandle } from 'react';

type Props = {
  children?: ReactNode;
  disabled?: boolean;
  onPress?: () => void;
  onChangeText?: (text: string) => void;
  value?: string;
  accessibilityLabel?: string;
  accessibilityRole?: string;
};

/** React Native's components, with what a screen reader is told of them. */
export const View = ({ children }: Props) => createElement('div', {}, children);
export const Text = ({ children, accessibilityRole: role }: Props) => createElement('p', { role }, children);
export const Pressable = ({ children, disabled, onPress }: Props) =>
  createElement('button', { type: 'button', disabled, onClick: onPress }, children);
export const TextInput = ({ accessibilityLabel, onChangeText, value }: Props) =>
  createElement('textarea', {
    'aria-label': accessibilityLabel,
    value,
    onChange: () => {}, // without it React warns of a value that never changes
    onInput: ({ currentTarget: target }: { currentTarget: { value: string } }) => onChangeText?.(target.value),
  });
export const FlatList = <Item>({
  data,
  renderItem,
}: {
  data: readonly Item[];
  renderItem: (info: { item: Item; index: number }) => ReactElement;
}) => createElement('section', {}, ...data.map((item, index) => renderItem({ item, index })));
export const StyleSheet = { create: (styles: object) => styles };
export const Platform = { OS: 'ios' };

/** What was said aloud. */
export const announced: string[] = [];
export const AccessibilityInfo = { announceForAccessibility: (text: string) => void announced.push(text) };

const createSource = <Value>() => {
  const listeners = new Set<(value: Value) => void>();
  return {
    listen(listener: (value: Value) => void) {
      listeners.add(listener);
      return { remove: () => void listeners.delete(listener) };
    },
    tell: (value: Value) => listeners.forEach((listener) => listener(value)),
  };
};

const states = createSource<string>();
export const AppState = {
  currentState: 'active',
  addEventListener: (_: string, listener: (state: string) => void) => states.listen(listener),
};

/** Brings the app to the background (`background`), or back (`active`). */
export function moveApp(state: 'active' | 'background'): void {
  AppState.currentState = state;
  states.tell(state);
}

const networks = createSource<{ isConnected: boolean }>();
export const addNetworkStateListener = networks.listen;

/** Tells the app that the network has come or gone. */
export const changeNetwork = networks.tell;

/** A file of this repository, at an address as a camera and a recorder give it. */
const addressOf = (path: string, type: string) =>
  `data:${type};base64,${readFileSync(new URL(`../../${path}`, import.meta.url)).toString('base64')}`;

/** The camera: it sees a printed sentence. What it has taken can be read at its address. */
export const useCameraPermissions = () => [{ granted: true }, async () => ({ granted: true })];
export function CameraView({ ref, onCameraReady }: { ref: Ref<object>; onCameraReady: () => void }) {
  useImperativeHandle(ref, () => ({
    takePictureAsync: async () => ({ uri: addressOf('scripts/smoke/water.png', 'image/png'), format: 'png' }),
  }));
  useEffect(onCameraReady, []);
  return createElement('div', {});
}

/** The recorder: it hears the sentence spoken. */
export const RecordingPresets = { HIGH_QUALITY: {} };
export const requestRecordingPermissionsAsync = async () => ({ granted: true });
export const setAudioModeAsync = async () => {};
const recorder = {
  uri: null as string | null,
  prepareToRecordAsync: async () => {},
  record: () => void (recorder.uri = null),
  stop: async () => void (recorder.uri = addressOf('scripts/smoke/water.ogg', 'audio/ogg')),
};
export const useAudioRecorder = () => recorder;

/** Push notifications: the user allows them. */
const pressed = createSource<object>();
export const requestPermissionsAsync = async () => ({ granted: true });
export const getExpoPushTokenAsync = async () => ({ data: 'ExponentPushToken[aaaaaaaaaaaaaaaaaaaaaa]' });
export const getLastNotificationResponse = () => null;
export const addNotificationResponseReceivedListener = pressed.listen;

/** Presses a notification that has this data. */
export function pressNotification(data: Record<string, unknown>): void {
  pressed.tell({ notification: { request: { content: { data } } } });
}

/** What the phone keeps when it kills the app. */
export const kept = new Map<string, string>();

/** Async storage. */
export default {
  getItem: async (key: string) => kept.get(key) ?? null,
  setItem: async (key: string, value: string) => void kept.set(key, value),
  removeItem: async (key: string) => void kept.delete(key),
};

/** The addresses that were asked for with the fetch that streams. */
export const streamed: string[] = [];
export const fetch = (url: string, init?: RequestInit): Promise<Response> => {
  streamed.push(url);
  return globalThis.fetch(url, init);
};
