import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { type DeliveryPreview, DeliveryPreviews } from '../fanout/delivery-preview.js';
import { PulledAuthors } from '../fanout/pulled-authors.js';
import { Explainer } from '../feeds/explainer.js';
import type { Explanation } from '../feeds/explanation.js';
import { AdminOnly } from '../platform/http/access.js';
import { Problem } from '../platform/http/problem.js';
import { ApiProblems } from '../platform/http/problem.dto.js';
import { type UserRow, UserStore } from '../users/user-store.js';
import {
  ChooseDeliveryDto,
  DeliveryPreviewDto,
  ExplainQuery,
  ExplanationDto,
  PreviewQuery,
} from './delivery.dto.js';

/** How posts reach feeds: why one did or did not, what one would cost, and how an author's are delivered. */
@ApiTags('admin')
@AdminOnly()
@Controller('v1/admin')
export class DeliveryController {
  constructor(
    private readonly users: UserStore,
    private readonly explainer: Explainer,
    private readonly previews: DeliveryPreviews,
    private readonly pulled: PulledAuthors,
  ) {}

  /** Why a post is in a reader's feed, and through what, or why it is not. */
  @Get('explain')
  @ApiOkResponse({ type: ExplanationDto })
  @ApiProblems('invalid-request', 'forbidden', 'not-found', 'unavailable')
  async explain(@Query() { viewer, post }: ExplainQuery): Promise<Explanation> {
    return this.explainer.explain(await this.user(viewer), post);
  }

  /** What the next post of an author would cost: rows, bytes and seconds, and whether it would be written at all. */
  @Get('fanouts/preview')
  @ApiOkResponse({ type: DeliveryPreviewDto })
  @ApiProblems('invalid-request', 'forbidden', 'not-found', 'unavailable')
  async preview(@Query() { author }: PreviewQuery): Promise<DeliveryPreview> {
    return this.previews.of((await this.user(author)).id);
  }

  /** Decides how an author's posts are delivered, and answers what the next one would cost. */
  @Put('fanouts/authors/:idOrName')
  @ApiParam({ name: 'idOrName', example: '@ada' })
  @ApiOkResponse({ type: DeliveryPreviewDto })
  @ApiProblems('invalid-request', 'forbidden', 'not-found', 'unavailable')
  async choose(
    @Param('idOrName') idOrName: string,
    @Body() { delivery }: ChooseDeliveryDto,
  ): Promise<DeliveryPreview> {
    const { id } = await this.user(idOrName);
    await this.pulled.decide(id, delivery);
    return this.previews.of(id);
  }

  private async user(idOrName: string): Promise<Readonly<UserRow>> {
    const user = await this.users.byIdOrName(idOrName);
    if (!user) throw new Problem('not-found', 'There is no such user.');
    return user;
  }
}
