/** Ask one question at a time: while an answer is awaited only the newest question is kept. */
export function latest<Q, A>(ask: (question: Q) => Promise<A>, heard: (answer: A) => void, failed: (error: Error) => void): (question: Q) => void {
  let busy = false;
  let next: { question: Q } | null = null;
  const go = (question: Q): void => {
    busy = true;
    ask(question)
      .then((answer) => next === null && heard(answer), (error: Error) => next === null && failed(error))
      .finally(() => {
        busy = false;
        if (next === null) return;
        const { question: waiting } = next;
        next = null;
        go(waiting);
      });
  };
  return (question) => {
    if (busy) next = { question };
    else go(question);
  };
}
