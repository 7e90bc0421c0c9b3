/** Starts the app. EXPO_PUBLIC_AI_JOBS_URL is the address of the server: for a phone that of the computer, never localhost. */
import { registerRootComponent } from 'expo';
import { createAiOf } from './ai.ts';
import { App } from './App.tsx';

declare const process: { env: { EXPO_PUBLIC_AI_JOBS_URL?: string } }; // Expo puts the value in its place when it builds

const baseUrl = process.env.EXPO_PUBLIC_AI_JOBS_URL ?? 'http://localhost:3001';
const ai = createAiOf('expo-example', baseUrl); // with users of Supabase: createAi(baseUrl, supabase)

registerRootComponent(() => <App ai={ai} />);
