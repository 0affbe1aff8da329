import { Injectable, Logger } from '@nestjs/common';
import pLimit from 'p-limit';
import { PrimaryDatabase } from '../platform/database/primary.js';
import { sqlFile } from '../platform/database/sql.js';
import { errorText } from '../platform/error-text.js';
import { Cursor } from '../platform/http/cursor.js';
import { cutPage, type Page } from '../platform/http/page.js';
import type { PageQuery } from '../platform/http/page.dto.js';
import { Problem } from '../platform/http/problem.js';
import type { Id } from '../platform/ids/ids.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { GraphRedis } from '../platform/redis/redis.js';
import { LuaScript } from '../platform/redis/script.js';
import { Profiles } from '../users/profiles.js';
import type { UserView } from '../users/user-view.js';
import { Mirror } from './mirror/mirror.js';
import { MirrorReader } from './mirror/mirror-reader.js';
import { MirroredFollowing } from './recommendations/mirrored-following.js';
import { compareIds } from './recommendations/suggestion.js';

const whoFollows = LuaScript.load<[string, ...Id[]]>(import.meta.url, './recommendations/who-follows.lua');
const mutuals = sqlFile<[Id]>(import.meta.url, './recommendations/mutuals.sql');

/** How many of those followed are asked in one call: about 1 ms of Redis. */
const ASKED_PER_CALL = 1_000;
/** How many answers may be worked out by Postgres at a time while the mirror cannot, and how many wait for it at most. */
const FALLBACKS_AT_A_TIME = 8;
const MOST_WAITING = 1_000;

/** A page of those whom the viewer follows and who follow a user, and how many there are. */
export type MutualsPage = Page<UserView> & { count: number };

/** Who of those whom a viewer follows follow somebody: the viewer's following crossed with that one's followers. */
@Injectable()
export class Mutuals {
  private readonly logger = new Logger('Mutuals');
  private readonly limit = pLimit(FALLBACKS_AT_A_TIME);

  constructor(
    private readonly primary: PrimaryDatabase,
    private readonly redis: GraphRedis,
    private readonly mirror: Mirror,
    private readonly reader: MirrorReader,
    private readonly following: MirroredFollowing,
    private readonly profiles: Profiles,
    private readonly metrics: Metrics,
  ) {}

  /** Newest accounts first. @throws Problem `not-found`, also for one who is blocked, either way */
  async page(viewer: Id, idOrName: string, { cursor, limit }: PageQuery): Promise<MutualsPage> {
    const before = Cursor.read('mutuals', cursor)?.position[0];
    const { id } = await this.profiles.find(viewer, idOrName);
    const all = (await this.of(viewer, id)).sort((a, b) => compareIds(b, a));
    const rest = before === undefined ? all : all.filter((one) => compareIds(one, before) < 0);
    const { data, page } = cutPage(rest, limit, (last) => Cursor.write('mutuals', [last]));
    const views = await this.profiles.byIds(viewer, data);
    return { data: data.flatMap((one) => views.get(one) ?? []), page, count: all.length };
  }

  /** Their ids, in no particular order. @throws Problem `overloaded` */
  async of(viewer: Id, user: Id): Promise<Id[]> {
    const found = await this.mirrored(viewer, user).catch((error: unknown) => {
      this.logger.debug(`read from Postgres instead: ${errorText(error)}`);
      return undefined;
    });
    if (found) return found;
    this.metrics.mirrorFallbacks.inc({ reason: 'mutuals' });
    if (this.limit.pendingCount >= MOST_WAITING) throw new Problem('overloaded');
    const rows = await this.limit(() => this.primary.tuples(mutuals, [viewer, user]));
    return rows.map(([id]) => id);
  }

  /** @returns undefined when the mirror cannot answer */
  private async mirrored(viewer: Id, user: Id): Promise<Id[] | undefined> {
    const { keys } = this.mirror;
    const epoch = await this.mirror.currentEpoch();
    if (!epoch) return undefined;
    // The viewer too has to be in the mirror, or nobody whom they follow is known.
    const following = [viewer, ...(await this.following.read(epoch, viewer))];
    const found: Id[] = [];
    for (let start = 0; start < following.length; start += ASKED_PER_CALL) {
      const asked = following.slice(start, start + ASKED_PER_CALL);
      const [missing, ...some] = await whoFollows.run(
        this.redis.client,
        [],
        [keys.root, epoch, user, ...asked],
      );
      if (missing !== '') {
        this.reader.refill(missing.split(' '));
        return undefined;
      }
      found.push(...some);
    }
    return found.filter((id) => id !== viewer);
  }
}
