import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** How long files of a folder take, the longest first. */
const FOLDERS = ['/test/e2e/', '/test/integration/'];

/** Begins with the files that start processes of their own, or one of them would still be running when all others are done. */
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = FOLDERS.findIndex((folder) => moduleId.includes(folder));
      return found === -1 ? FOLDERS.length : found;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
