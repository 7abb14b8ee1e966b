/** Puts together what is asked in the same tick. */

export type Several<T> = readonly [T, ...T[]];

/** Answers each question of a group, or throws where there is no answer to it. */
export type AnswerOf<Question, Answer> = (question: Question) => Answer;

interface Group<Question, Answer> {
  readonly questions: [Question, ...Question[]];
  readonly answers: Promise<AnswerOf<Question, Answer>>;
}

export interface BatchOptions<Question, Answer> {
  /** Gets the questions of one tick that share a group, in the order in which they came. */
  readonly ask: (questions: Several<Question>) => Promise<AnswerOf<Question, Answer>>;
  /** Questions of different groups are never asked together. */
  readonly groupOf: (question: Question) => string;
  /** A group that is full is followed by another. */
  readonly maxQuestions: number;
}

/**
 * @returns a function that asks one question, together with what is asked in the same tick; it settles as the answer
 *   to its own question does
 */
export function createBatcher<Question, Answer>({
  ask,
  groupOf,
  maxQuestions,
}: BatchOptions<Question, Answer>): (question: Question) => Promise<Answer> {
  const open = new Map<string, Group<Question, Answer>>();

  const begin = (name: string, first: Question): Group<Question, Answer> => {
    const questions: [Question, ...Question[]] = [first];
    // What is asked by then, and by what is already queued to run, comes along.
    const answers = Promise.resolve().then(() => {
      if (open.get(name)?.questions === questions) open.delete(name);
      return ask(questions);
    });
    const group = { questions, answers };
    open.set(name, group);
    return group;
  };

  return async (question) => {
    const name = groupOf(question);
    let group = open.get(name);
    if (group && group.questions.length < maxQuestions) group.questions.push(question);
    else group = begin(name, question);
    return (await group.answers)(question);
  };
}
