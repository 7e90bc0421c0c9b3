/** The stand-in for expo-constants beside that for a phone: the id of the app's project. */
export default { expoConfig: { extra: { eas: { projectId: 'a-project' } } } };
