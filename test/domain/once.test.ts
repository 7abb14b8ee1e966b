import { expect, it } from "vitest";
import { once } from "../../src/domain/once";

it("makes a value when it is asked for, and only then", () => {
  let made = 0;
  const value = once(() => ++made);
  expect(made).toBe(0);
  expect([value(), value()]).toEqual([1, 1]);
});

it("keeps a value that is none", () => {
  let asked = 0;
  const value = once(() => void asked++);
  expect([value(), value(), asked]).toEqual([undefined, undefined, 1]);
});

it("tries again where nothing could be made", () => {
  let asked = 0;
  const value = once(() => {
    if (++asked === 1) throw new Error("not yet");
    return asked;
  });
  expect(value).toThrow("not yet");
  expect(value()).toBe(2);
});
