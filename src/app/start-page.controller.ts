import { readFileSync } from 'node:fs';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../platform/http/access.js';

const page = readFileSync(new URL('./start-page.html', import.meta.url), 'utf8');
const style = readFileSync(new URL('./start-page.css', import.meta.url), 'utf8');

/** The page that says what this is and where to go. */
@ApiExcludeController()
@Public()
@Controller()
export class StartPageController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  show(): string {
    return page;
  }

  @Get('start.css')
  @Header('content-type', 'text/css; charset=utf-8')
  style(): string {
    return style;
  }
}
