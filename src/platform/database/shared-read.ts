/** A question that many ask at the same time: they share an answer, but never one that was begun before they asked. */
export class SharedRead<Answer> {
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Answer> | undefined;

  constructor(private readonly ask: () => Promise<Answer>) {}

  /** What was so before the call is in the answer. */
  read(): Promise<Answer> {
    this.next ??= this.running.then(gathered, gathered).then(() => this.begin());
    return this.next;
  }

  private begin(): Promise<Answer> {
    this.next = undefined;
    const answer = this.ask();
    this.running = answer;
    return answer;
  }
}

/** Until this turn of the event loop is over: whoever asks by then shares what is about to begin. */
const gathered = () => new Promise<void>((resolve) => setImmediate(resolve));
