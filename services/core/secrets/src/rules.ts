// Every rule of the pack: a family is a file in `rules/` and one line here.
import type { Rule } from './rule.ts';
import { rules as anthropic } from './rules/anthropic.ts';
import { rules as assignment } from './rules/assignment.ts';
import { rules as aws } from './rules/aws.ts';
import { rules as azure } from './rules/azure.ts';
import { rules as chat } from './rules/chat.ts';
import { rules as cloudHosts } from './rules/cloud-hosts.ts';
import { rules as cloudflare } from './rules/cloudflare.ts';
import { rules as commandLine } from './rules/command-line.ts';
import { rules as commerce } from './rules/commerce.ts';
import { rules as databricks } from './rules/databricks.ts';
import { rules as developerTools } from './rules/developer-tools.ts';
import { rules as docker } from './rules/docker.ts';
import { rules as github } from './rules/github.ts';
import { rules as gitlab } from './rules/gitlab.ts';
import { rules as google } from './rules/google.ts';
import { rules as hashicorp } from './rules/hashicorp.ts';
import { rules as huggingFace } from './rules/hugging-face.ts';
import { rules as iban } from './rules/iban.ts';
import { rules as jwt } from './rules/jwt.ts';
import { rules as mail } from './rules/mail.ts';
import { rules as npm } from './rules/npm.ts';
import { rules as observability } from './rules/observability.ts';
import { rules as openai } from './rules/openai.ts';
import { rules as paymentCard } from './rules/payment-card.ts';
import { rules as personal } from './rules/personal.ts';
import { rules as privateKey } from './rules/private-key.ts';
import { rules as pypi } from './rules/pypi.ts';
import { rules as slack } from './rules/slack.ts';
import { rules as stripe } from './rules/stripe.ts';
import { rules as urlCredentials } from './rules/url-credentials.ts';

/** The pack, most specific families first: of two rules for one span the earlier names it. */
export const rules: readonly Rule[] = [
  ...anthropic,
  ...openai,
  ...aws,
  ...github,
  ...gitlab,
  ...google,
  ...azure,
  ...slack,
  ...stripe,
  ...npm,
  ...pypi,
  ...docker,
  ...huggingFace,
  ...mail,
  ...cloudHosts,
  ...commerce,
  ...chat,
  ...observability,
  ...cloudflare,
  ...databricks,
  ...hashicorp,
  ...developerTools,
  ...privateKey,
  ...jwt,
  ...urlCredentials,
  ...commandLine,
  ...assignment,
  ...paymentCard,
  ...iban,
  ...personal,
];
