// The page nbs/experiments/play.ipynb puts this file, its style and its numbers into one output.
// It draws numbers that were computed before, and asks nothing of any network.
(() => {
  const root = document.getElementById("play");
  const grid = JSON.parse(document.getElementById("play-grid").textContent);
  const find = (name) => document.getElementById(`play-${name}`);
  const { alphas, rounds, attacks, fprs, original, retrained, games } = grid;
  const names = {
    shadow: "the paper's attack",
    margin: "the margin attack",
    lira: "LiRA",
  };

  // ---- the state: which game, which round, which attack
  const read = () => ({
    alpha: Number(find("alpha").value),
    step: Number(find("rounds").value),
    attack: find("attack").value,
  });
  const pick = (state) => {  // what was measured there; before the first round all games are alike
    const game = games[state.alpha];
    return state.step ? game.steps[state.step - 1] : original;
  };
  const auc = (state) => pick(state).attacks[state.attack].auc;

  // ---- numbers in words
  const three = (number) => number.toFixed(3);
  const percent = (share) => `${Math.round(100 * share)} %`;
  const alphaOf = (state) => String(alphas[state.alpha]);

  function compareWithRetrained(state) {
    const { low, high } = retrained.attacks[state.attack];
    const now = auc(state);
    const range = `the range of retrained models, ${three(low)} to ${three(high)}`;
    if (now > high) return `above ${range}: forgotten records still look more trained on than unseen ones`;
    if (now < low) return `below ${range}: forgotten records now look less trained on than unseen ones`;
    return `within ${range}`;
  }

  function describeChange(state, last) {
    if (!last) return "";
    if (!state.step && last.alpha !== state.alpha) {
      return " All values of α begin from this model.";
    }
    if (last.attack !== state.attack) {
      return ` On the same model ${names[last.attack]} has ${three(auc(last))}.`;
    }
    const change = auc(state) - auc(last);
    if (Math.abs(change) < 0.0005) return " Your last move did not change it.";
    return ` Your last move ${change > 0 ? "raised" : "lowered"} it by ${three(Math.abs(change))}.`;
  }

  function describe(state, last) {
    const when = state.step
      ? `After ${rounds[state.step]} rounds with α = ${alphaOf(state)}`
      : "Before the first round";
    const kept = percent(pick(state).accuracy.retain);
    return `${when}, the AUC of ${names[state.attack]} is ${three(auc(state))}, `
      + `${compareWithRetrained(state)}.${describeChange(state, last)} `
      + `The model is right on ${kept} of the records that stay.`;
  }

  // ---- drawing: a plot of 280 × 210 whose corners are (0, 0) and (xMax, 1)
  const WIDTH = 280, HEIGHT = 210, LEFT = 34, RIGHT = 8, TOP = 8, BOTTOM = 38;
  const scale = (xMax) => ({
    x: (value) => LEFT + (value / xMax) * (WIDTH - LEFT - RIGHT),
    y: (value) => HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM),
  });
  const round = (number) => Math.round(10 * number) / 10;
  const join = (points, at) =>
    points.map(([x, y], i) => `${i ? "L" : "M"}${round(at.x(x))} ${round(at.y(y))}`).join("");
  const line = (points, at, kind) => `<path class="${kind}" d="${join(points, at)}"/>`;
  const text = (x, y, words, anchor = "middle") =>
    `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${words}</text>`;

  function frame(at, xMax, ticks, label) {
    const across = [0, 0.5, 1].map((value) =>
      line([[0, value], [xMax, value]], at, "grid") + text(LEFT - 6, at.y(value) + 4, value, "end"));
    const below = ticks.map((value) => text(at.x(value), HEIGHT - BOTTOM + 16, value));
    return across.join("") + below.join("") + text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 5, label);
  }

  function show(name, drawing, words) {
    const svg = find(name);
    svg.innerHTML = drawing;
    svg.setAttribute("aria-label", words);
  }

  function drawPosteriors(state) {
    const { forget, holdout } = pick(state).posterior;
    const xMax = forget.length + 0.5;
    const at = scale(xMax);
    const width = at.x(0.7) - at.x(0);
    const bars = forget.map((value, i) => {
      const left = at.x(i + 1) - width / 2, top = at.y(value);
      return `<rect class="bar" x="${round(left)}" y="${round(top)}" `
        + `width="${round(width)}" height="${round(at.y(0) - top)}"/>`;
    });
    const goal = retrained.posterior.forget.map((value, i) =>
      line([[i + 0.55, value], [i + 1.45, value]], at, "retrained"));
    const circles = holdout.map((value, i) =>
      `<circle class="unseen" cx="${round(at.x(i + 1))}" cy="${round(at.y(value))}" r="3.6"/>`);
    const ranks = forget.map((_, i) => i + 1);
    const axes = frame(at, xMax, ranks, "largest, second, third …");
    const words = `Largest probability, on average: forgotten records ${three(forget[0])}, `
      + `unseen records ${three(holdout[0])}, forgotten records in retrained models `
      + `${three(retrained.posterior.forget[0])}.`;
    show("posterior", [axes, ...bars, ...goal, ...circles].join(""), words);
  }

  function drawRoc(state) {
    const at = scale(1);
    const curve = (model) => fprs.map((fpr, i) => [fpr, model.attacks[state.attack].tpr[i]]);
    const ten = fprs.indexOf(0.1);
    const found = pick(state).attacks[state.attack].tpr[ten];
    const drawing = frame(at, 1, [0, 0.5, 1], "false positive rate")
      + line([[0, 0], [1, 1]], at, "grid")
      + line(curve(original), at, "before")
      + line(curve(retrained), at, "retrained")
      + line(curve(pick(state)), at, "now");
    show("roc", drawing, `ROC: at 10 % false positives ${percent(found)} of the forgotten `
      + `records are found.`);
  }

  function drawRounds(state) {
    const at = scale(rounds.at(-1));
    const path = (alpha) =>
      rounds.map((n, step) => [n, auc({ ...state, alpha, step })]);
    const { low, high } = retrained.attacks[state.attack];
    const stop = games[state.alpha].stop;
    const band = `<rect class="band" x="${LEFT}" y="${round(at.y(high))}" `
      + `width="${WIDTH - LEFT - RIGHT}" height="${round(at.y(low) - at.y(high))}"/>`;
    const others = alphas.map((_, alpha) => line(path(alpha), at, "other"));
    const rule = stop === null ? "" : line([[stop, 0], [stop, 1]], at, "stop");
    const here = [rounds[state.step], auc(state)];
    const dot = `<circle class="dot" cx="${round(at.x(here[0]))}" `
      + `cy="${round(at.y(here[1]))}" r="5"/>`;
    const drawing = frame(at, rounds.at(-1), [0, 50, 100, 150], "rounds") + band + others.join("") + rule
      + line(path(state.alpha), at, "now") + dot;
    const ends = path(state.alpha).map((point) => point[1]);
    show("course", drawing, `AUC over the rounds at this α: from ${three(ends[0])} to `
      + `${three(ends.at(-1))}, lowest ${three(Math.min(...ends))}.`);
  }

  // ---- the table: before, now, retrained
  const ROWS = {
    auc: (model, attack) => three(model.attacks[attack].auc),
    tpr: (model, attack) => three(model.attacks[attack].tpr[fprs.indexOf(0.01)]),
    forget: (model) => three(model.accuracy.forget),
    retain: (model) => three(model.accuracy.retain),
    holdout: (model) => three(model.accuracy.holdout),
  };

  function fillTable(state) {
    const columns = { original, now: pick(state), retrained };
    for (const [row, tell] of Object.entries(ROWS)) {
      for (const [column, model] of Object.entries(columns)) {
        find(`${row}-${column}`).textContent = tell(model, state.attack);
      }
    }
  }

  // ---- what happens when something is moved
  let last = null;

  function update() {
    const state = read();
    find("alpha").setAttribute("aria-valuetext", alphaOf(state));
    find("rounds").setAttribute("aria-valuetext", `${rounds[state.step]} rounds`);
    find("alpha-value").textContent = alphaOf(state);
    find("rounds-value").textContent = rounds[state.step];
    find("sentence").textContent = describe(state, last);
    const stop = games[state.alpha].stop;
    find("stop").textContent = stop === null
      ? "the paper's rule does not stop this game"
      : `the paper's rule would stop after ${stop} rounds`;
    drawPosteriors(state);
    drawRoc(state);
    drawRounds(state);
    fillTable(state);
    last = state;
  }

  for (const name of ["alpha", "rounds", "attack"]) {
    find(name).addEventListener("input", update);
  }
  find("live").hidden = false;
  update();
})();
