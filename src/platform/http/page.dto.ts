import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { PageLimit } from './validation.js';

/** What every list takes: the size of a page, and where it goes on. */
export class PageQuery {
  @PageLimit()
  limit = 20;

  /** The `page.next` of the page before; opaque. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  cursor?: string;
}

/** Where a page ends. */
export class PageEndDto {
  /** The cursor of the next page; null at the end of the list. */
  @ApiProperty({ type: String, nullable: true, example: 'Zm9sbG93ZXJzLjEyMw' })
  next!: string | null;

  /** Whether everything that belongs on this page is on it. */
  @ApiProperty({ example: true })
  complete!: boolean;
}
