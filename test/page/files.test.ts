/** Tests the files of the page in Chromium: a picture that is dropped or chosen, and speech that is recorded or chosen. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startAzureSpeech } from '../support/azure-speech.ts';
import { browserPath, seriousFaults, startBrowser } from '../support/browser.ts';
import { PATH, programs } from '../support/spoken.ts';
import { startStack } from '../support/stack-in-process.ts';

const PICTURE = fileURLToPath(new URL('../../scripts/smoke/water.png', import.meta.url));
const SPEECH = fileURLToPath(new URL('../../scripts/smoke/water.ogg', import.meta.url));
const TEXT = 'Water boils at one hundred degrees.';

/** A microphone that hears a beep, which the user allows. */
const MICROPHONE = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

const { openPage } = startBrowser();
const listening = startBrowser(MICROPHONE);

test.skipIf(!browserPath)('a picture that is dropped is shown and read, and goes on to cards; so is one that is chosen', async () => {
  const azure = await startAzureSpeech();
  const stack = await startStack(azure.env);
  await stack.startWorker();
  const { page, complaints } = await openPage(`${stack.url}/`);
  await page.getByText('Pronunciation').click(); // this browser has no microphone that it may use
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.getByText('did not allow the microphone').waitFor();
  await page.getByText('Text in an image').click();
  const dropped = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob('${readFileSync(PICTURE, 'base64')}'), (letter) => letter.codePointAt(0));
      transfer.items.add(new File([bytes], 'water.png', { type: 'image/png' }));
      return transfer;
    })()`);
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: dropped });
  await page.getByAltText('The chosen image, water.png').waitFor();
  await page.getByLabel('Then make').selectOption('flashcards');
  await page.getByRole('button', { name: 'Submit' }).click();
  await expect.poll(() => page.locator('.prose').textContent()).toContain('Water');
  await expect.poll(() => page.locator('.child .card').count()).toBeGreaterThan(0);
  await expect.poll(() => page.locator('.child .state').textContent()).toBe('completed');
  expect(await seriousFaults(page)).toEqual([]);

  await page.getByLabel('Then make').selectOption('nothing more');
  await page.getByLabel('Image', { exact: true }).setInputFiles(PICTURE);
  await page.getByRole('button', { name: 'Submit' }).click();
  await expect.poll(() => page.locator('.child').count()).toBe(0);
  await expect.poll(() => page.locator('.prose').textContent()).toContain('Water');
  await page.reload(); // the job that was watched is shown again
  await expect.poll(() => page.locator('.prose').textContent()).toContain('Water');
  expect(complaints).toEqual([]);
});

test.skipIf(!browserPath || !programs.ffmpeg)(
  'speech is recorded with the microphone, played and assessed, also if it still records; so is a file that is chosen',
  async () => {
    const azure = await startAzureSpeech();
    const stack = await startStack({ ...azure.env, PATH });
    await stack.startWorker();
    const { page, complaints } = await listening.openPage(`${stack.url}/`);
    await page.getByText('Pronunciation').click();
    await page.getByLabel('Text to say').fill(TEXT);
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    await page.getByText('Recording. Speak now.').waitFor();
    await page.getByText('1 s of 30 s').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByLabel('Your recording').and(page.locator('audio')).waitFor();
    await page.getByRole('button', { name: 'Submit' }).click();
    await expect.poll(() => page.locator('.state').textContent()).toBe('completed');
    expect(await page.locator('.words').textContent()).toContain('boils');
    expect(await seriousFaults(page)).toEqual([]);

    await page.getByRole('button', { name: 'Record again' }).click();
    await page.getByText('1 s of 30 s').waitFor();
    await page.getByRole('button', { name: 'Submit' }).click(); // what is being recorded is taken
    await expect.poll(() => azure.calls.length).toBe(2);
    await page.getByRole('button', { name: 'Record again' }).waitFor();
    await page.getByLabel('Your recording').and(page.locator('input')).setInputFiles(SPEECH);
    await page.getByRole('button', { name: 'Submit' }).click();
    await expect.poll(() => azure.calls.length).toBe(3);
    await expect.poll(() => page.locator('.state').textContent()).toBe('completed');
    expect(complaints).toEqual([]);
  },
);

test.skipIf(!browserPath || !programs.espeak)('speech is played and saved as a file', async () => {
  const stack = await startStack({ PATH });
  await stack.startWorker();
  const { page, complaints } = await openPage(`${stack.url}/`);
  await page.getByText('Speech', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Text' }).fill(TEXT);
  await page.getByRole('button', { name: 'Submit' }).click();
  await expect.poll(() => page.locator('.state').textContent()).toBe('completed');
  await page.evaluate("document.querySelector('audio').preload = 'metadata'"); // it loads when it is to be played
  await expect.poll(() => page.evaluate("document.querySelector('audio').duration > 1")).toBe(true);
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download: The whole text' }).click();
  const file = await coming;
  expect(file.suggestedFilename()).toBe('speech.mp3');
  const bytes = readFileSync(await file.path());
  expect([bytes.length > 1000, bytes[0] === 0xff || bytes.subarray(0, 3).toString() === 'ID3']).toEqual([true, true]);
  expect(await seriousFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
});
