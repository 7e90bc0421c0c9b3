/**
 * The part of React Native's and Expo's types that the example uses. Their packages bring compilers and native code, which is much to
 * install for the check of one file. In an app the real types take the place of these.
 */
declare module 'react-native' {
  import type { ReactElement, ReactNode } from 'react';

  type Style = Readonly<Record<string, string | number>>;
  type Styled = { style?: Style | readonly (Style | false | undefined)[] | undefined };
  type Accessible = {
    accessibilityLabel?: string;
    accessibilityHint?: string;
    accessibilityRole?: 'button' | 'alert' | 'text';
    accessibilityState?: { disabled?: boolean; busy?: boolean };
    accessibilityLiveRegion?: 'none' | 'polite' | 'assertive';
  };
  type Subscription = { remove(): void };
  type AppStateStatus = 'active' | 'background' | 'inactive' | 'unknown' | 'extension';

  export function View(props: Styled & Accessible & { children?: ReactNode }): ReactElement;
  export function Text(props: Styled & Accessible & { children?: ReactNode }): ReactElement;
  export function Pressable(props: Styled & Accessible & { children?: ReactNode; disabled?: boolean; onPress?: () => void }): ReactElement;
  export function TextInput(
    props: Styled & Accessible & { multiline?: boolean; onChangeText?: (text: string) => void; placeholder?: string; value?: string },
  ): ReactElement;
  export function FlatList<Item>(
    props: Styled & {
      data: readonly Item[];
      keyExtractor?: (item: Item, index: number) => string;
      renderItem: (info: { item: Item; index: number }) => ReactElement;
    },
  ): ReactElement;
  export const StyleSheet: { create<Styles extends Record<string, Style>>(styles: Styles): Styles };
  export const AppState: {
    readonly currentState: AppStateStatus;
    addEventListener(type: 'change', listener: (state: AppStateStatus) => void): Subscription;
  };
  export const AccessibilityInfo: { announceForAccessibility(text: string): void };
  export const Platform: { readonly OS: 'ios' | 'android' | 'web' };
}

declare module 'expo/fetch' {
  /** A fetch whose answers can be read piece by piece. Its types are its own, close to those of the web. */
  export function fetch(url: string, init?: object): Promise<object>;
}

declare module 'expo-network' {
  export function addNetworkStateListener(listener: (state: { isConnected?: boolean; isInternetReachable?: boolean }) => void): {
    remove(): void;
  };
}

declare module '@react-native-async-storage/async-storage' {
  const AsyncStorage: {
    getItem(key: string): Promise<string | null>;
    setItem(key: string, value: string): Promise<void>;
    removeItem(key: string): Promise<void>;
  };
  export default AsyncStorage;
}
