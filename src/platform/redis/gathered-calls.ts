interface Asked<Question, Answer> {
  question: Question;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/** So many questions are worth a call of their own, for the store to begin while this process goes on. */
const WORTH_A_CALL = 8;

export interface GatheredCallsOptions<Question, Answer> {
  /** Answers questions, in their order. */
  call: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  /** How much of the store's time a question takes, beside others; by default all take the same. */
  weightOf?: (question: Question) => number;
  /** How much one call may take, so that it does not hold up others for long; a question that is heavier goes alone. */
  mostWeight: number;
}

/**
 * Puts questions that come in the same turn of the event loop to a store together: each call of a script has its price, in
 * this process and in the store. A lone question goes alone, and none waits for an answer to those before it.
 */
export class GatheredCalls<Question, Answer> {
  private waiting: Asked<Question, Answer>[] = [];

  constructor(private readonly options: GatheredCallsOptions<Question, Answer>) {}

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { waiting } = this;
      waiting.push({ question, resolve, reject });
      if (waiting.length === 1) setImmediate(() => this.put(waiting));
      // Not before all who were answered just now have asked.
      if (waiting.length === WORTH_A_CALL) process.nextTick(() => this.put(waiting));
    });
  }

  private put(waiting: Asked<Question, Answer>[]): void {
    if (this.waiting !== waiting) return;
    this.waiting = [];
    const { weightOf = () => 1, mostWeight } = this.options;
    let start = 0;
    let weight = 0;
    for (let end = 0; end < waiting.length; end++) {
      const next = weightOf(waiting[end]!.question);
      if (end > start && weight + next > mostWeight) {
        void this.call(waiting.slice(start, end));
        [start, weight] = [end, 0];
      }
      weight += next;
    }
    void this.call(waiting.slice(start));
  }

  private async call(asked: readonly Asked<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.options.call(asked.map(({ question }) => question));
      for (let index = 0; index < asked.length; index++) asked[index]!.resolve(answers[index]!);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
