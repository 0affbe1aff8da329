import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { Id } from '../ids/ids.js';

/** Who is asking, as the access token says; the guard has verified it. */
export interface Viewer {
  id: Id;
  sessionId: Id;
}

/** The same, for a route that answers for longer than a moment. */
export interface VerifiedViewer extends Viewer {
  /** When the access token ends, in milliseconds since 1970. */
  expiresAt: number;
}

/** Who may call a route: anyone, whoever is logged in, or admins. A route that says nothing is refused to everyone. */
export type Access = 'public' | 'user' | 'admin';

export const ACCESS = Symbol('access');

/** Tells the guard, and those who read the API's description. */
const access = (who: Access) => applyDecorators(SetMetadata(ACCESS, who), ApiExtension('x-access', who));

/** Anyone may call this, without a token. */
export const Public = () => applyDecorators(access('public'), ApiSecurity({}));
/** Whoever is logged in may call this. */
export const Authenticated = () => applyDecorators(access('user'), ApiBearerAuth());
/** Only admins may call this; the role is read from the database, not from the token. */
export const AdminOnly = () => applyDecorators(access('admin'), ApiBearerAuth());

/** The verified viewer of a request, as a parameter of a route. */
export const CurrentViewer = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<{ viewer: Viewer }>().viewer,
);
