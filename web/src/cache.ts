/** What was asked for lately, at most `size` answers; one that failed is asked for again. */
export class Cache<K, V> {
  private readonly kept = new Map<K, Promise<V>>();

  constructor(
    private readonly ask: (key: K) => Promise<V>,
    private readonly size: number,
  ) {}

  get(key: K): Promise<V> {
    const before = this.kept.get(key);
    const answer = before ?? this.ask(key);
    this.kept.delete(key);
    this.kept.set(key, answer);
    if (before === undefined) answer.catch(() => this.kept.delete(key));
    const oldest = this.kept.keys().next();
    if (this.kept.size > this.size && !oldest.done) this.kept.delete(oldest.value);
    return answer;
  }

  forget(key: K): void {
    this.kept.delete(key);
  }
}
