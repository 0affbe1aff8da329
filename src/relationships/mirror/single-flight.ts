/** Lets callers who ask the same question at the same time share one answer. */
export class SingleFlight<Answer> {
  private readonly underWay = new Map<string, Promise<Answer>>();

  run(question: string, ask: () => Promise<Answer>): Promise<Answer> {
    const known = this.underWay.get(question);
    if (known) return known;
    const answer = ask().finally(() => this.underWay.delete(question));
    this.underWay.set(question, answer);
    return answer;
  }
}
