// Telegram and Discord bots, Discord webhooks.
import { isTokenLike } from '../entropy.ts';
import { defineRule } from '../rule.ts';
import { sample } from '../sample.ts';

const discordToken = () =>
  `M${sample('base62', 23)}.${sample('base64url', 6)}.${sample('base64url', 38)}`;

/** Tokens of chat bots. */
export const rules = [
  defineRule({
    id: 'telegram-bot-token',
    keywords: [':aa'],
    pattern: /(?<=(?<![0-9])(?<lead>[0-9]{8,10})):AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/dy,
    accepts: (token) => isTokenLike(token.slice(11)),
    hits: () => [`71${sample('digits', 8)}:${'AA'}${sample('base64url', 33)}`],
    misses: () => ['12:AA', `7112345678:AA${'x'.repeat(33)}`],
  }),
  defineRule({
    id: 'discord-bot-token',
    keywords: ['discord', 'bot '],
    isCommon: true,
    pattern:
      /(?:discord|bot )[\w "':=.-]{0,40}?(?<![A-Za-z0-9])(?<secret>[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40})(?![A-Za-z0-9_-])/diy,
    accepts: isTokenLike,
    hits: () => [`DISCORD_TOKEN=${discordToken()}`, `Authorization: Bot ${discordToken()}`],
    misses: () => ['discord.com', discordToken()],
  }),
  defineRule({
    id: 'discord-webhook',
    keywords: ['/api/webhooks/'],
    pattern: /\/api\/webhooks\/[0-9]{17,20}\/(?<secret>[A-Za-z0-9_-]{60,90})/dy,
    accepts: isTokenLike,
    hits: () => [
      `https://discord.${'com/api/webhooks/'}${sample('digits', 18)}/${sample('base64url', 68)}`,
    ],
    misses: () => ['https://discord.com/api/webhooks/1/x'],
  }),
];
