// Waiting for what cannot tell by itself that it has happened.

// Calls `check` until it gives something truthy and returns that. What it throws counts as "not yet" and is
// told when the time is over, so a check may simply assert.
export async function until(what, check, {seconds = 30, everyMs = 100} = {}) {
  const deadline = Date.now() + seconds * 1000;
  let reason = '';
  for (;;) {
    try {
      const result = await check();
      if (result) return result;
      reason = '';
    } catch (error) {
      reason = error.message;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${seconds} s for: ${what}${reason ? `; the last try said: ${reason}` : ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
