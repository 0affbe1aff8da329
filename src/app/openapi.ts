import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PROBLEMS } from '../platform/http/problem.js';

const DESCRIPTION = `
A social-graph feed backend: follow people as **friend** or **noise**, post, read two feeds and your notifications.

Sign up or log in, then send \`Authorization: Bearer <accessToken>\`. Ids are 64-bit numbers as strings, times ISO 8601 in
UTC. Lists answer \`{"data": […], "page": {"next", "complete"}}\`; pass \`page.next\` as \`cursor\`, or follow the \`Link\` header.

Errors are \`application/problem+json\` (RFC 9457). Decide by \`type\`, one of:

| type | status | meaning |
|---|---|---|
${Object.entries(PROBLEMS)
  .map(([key, { status, title }]) => `| \`urn:sluice:problem:${key}\` | ${status} | ${title} |`)
  .join('\n')}

Any route that takes a token may answer 401, and any route 413, 415, 429 or 503; the last two with \`Retry-After\`. Requests
that may pass count against the allowance of their user, or of their address, and their answers tell what is left of it in
\`RateLimit-*\`; the service routes do not count.
`;

/** The API's description, made from the controllers and their types. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const options = new DocumentBuilder()
    .setTitle('Sluice')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  return SwaggerModule.createDocument(app, options, {
    operationIdFactory: (controller, method) =>
      `${controller.replace(/Controller$/, '').toLowerCase()}.${method}`,
  });
}

/** Serves the description at `/docs` (to read) and `/docs/openapi.json` (to generate clients from). */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => describeApi(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Sluice API',
  });
}
