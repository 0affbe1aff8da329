/**
 * A question that callers who come at about the same time share, but never one that was put before they came: what had
 * happened before a call is in its answer. One is under way at a time, and one waits behind it for those who came since.
 */
export class SharedQuestion<Answer> {
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Answer> | undefined;

  constructor(private readonly ask: () => Promise<Answer>) {}

  answer(): Promise<Answer> {
    this.next ??= this.running.then(
      () => this.begin(),
      () => this.begin(),
    );
    return this.next;
  }

  private begin(): Promise<Answer> {
    this.next = undefined;
    const answer = this.ask();
    this.running = answer;
    return answer;
  }
}
