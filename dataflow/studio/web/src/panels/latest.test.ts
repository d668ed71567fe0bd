import { expect, test } from "vitest";
import { latest } from "./latest";

test("of questions that come while one is answered only the newest is asked", async () => {
  const asked: number[] = [];
  const settle: ((answer: number) => void)[] = [];
  const heard: number[] = [];
  const failed: string[] = [];
  const ask = latest(
    (question: number) => new Promise<number>((resolve, reject) => {
      asked.push(question);
      settle.push((answer) => (answer < 0 ? reject(new Error("no")) : resolve(answer)));
    }),
    (answer) => heard.push(answer),
    (error) => failed.push(error.message),
  );
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  ask(1);
  ask(2);
  ask(3);
  expect(asked).toEqual([1]);
  settle[0]!(10);
  await turn();
  expect(heard).toEqual([]); // what is known already to be old is not shown
  expect(asked).toEqual([1, 3]);
  settle[1]!(30);
  await turn();
  expect(heard).toEqual([30]);
  ask(4);
  settle[2]!(-1);
  await turn();
  expect(failed).toEqual(["no"]);
  ask(5);
  expect(asked).toEqual([1, 3, 4, 5]);
});
