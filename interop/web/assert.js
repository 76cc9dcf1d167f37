// What a case expects, in Node and in a browser.

// Longer than anything that works takes, in milliseconds.
export const LIMIT = 30_000;

export function equal(actual, expected) {
  if (actual !== expected) throw new Error(`it is ${show(actual)}, and should be ${show(expected)}`);
}

export function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

// What a promise fails with.
export async function failureOf(promise) {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  check("error" in outcome, `it did not fail, and gave ${show(outcome.value)}`);
  return outcome.error;
}

// Runs cases by name, and tells which of them are done.
export async function run(cases, tell, ...given) {
  for (const [name, test] of Object.entries(cases)) {
    try {
      await test(...given);
    } catch (error) {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    }
    await tell(name);
  }
}

function show(value) {
  const text = typeof value === "bigint" ? `${value}` : (JSON.stringify(value) ?? String(value));
  return text.length > 200 ? `${text.slice(0, 200)}..` : text;
}
