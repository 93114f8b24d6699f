// A class (python -m demo --class): pages follow the teacher's address, guesses are counted, and the teacher reveals.
// Every page asks one small question every two seconds (demo/classroom/addresses.py). Nothing names anybody.
(() => {
  const POLL_MS = 2000;
  const LEAD_MS = 400; // between two looks at where the teacher is
  const PHONE = matchMedia("(max-width: 767px)");
  const page = window.resnetExplorer;
  const root = document.documentElement;
  const bar = () => document.querySelector(".class-bar");
  const address = (path) => new URL(path, new URL("./", location.href));
  const memory = (key, value) => {
    try {
      if (value !== undefined) sessionStorage.setItem(`resnet-class-${key}`, value);
      return sessionStorage.getItem(`resnet-class-${key}`);
    } catch {
      return value ?? null;
    }
  };
  const random = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const me = memory("page") ?? memory("page", random()) ?? random();

  // The secret leaves the address at once: what is on the wall shows it to nobody.
  const given = new URLSearchParams(location.hash.slice(1)).get("teacher");
  const secret = given ? (memory("teacher", given), given) : memory("teacher");
  if (given) history.replaceState(null, "", location.pathname + location.search);
  const isTeacher = Boolean(secret);
  if (isTeacher) page.startAtLesson();

  let state = null;
  let isFollowing = memory("alone") === null || memory("alone") === "";
  let followed = null; // where the teacher was when this page went there
  let isBusy = false;

  const send = async (path, body) => {
    const headers = { "content-type": "application/json", ...(isTeacher && { "x-class-teacher": secret }) };
    const answer = await fetch(address(path), { method: "POST", headers, body: JSON.stringify(body) });
    return answer.ok ? answer.json() : null;
  };
  const teach = async (what, value) => {
    const now = await send("class/teach", { do: what, value }).catch(() => null);
    if (now) take(now);
  };

  const say = (part, words) => {
    if (part.textContent !== words) part.textContent = words;
  };
  const fill = (part, count, alone = 0) => {
    part.hidden = count === undefined;
    const words = alone ? part.dataset.wordsAlone : part.dataset.words;
    say(part, words.replace("{count}", count).replace("{alone}", alone));
  };
  const isAt = (tab) => new URLSearchParams(location.search).get("tab") === tab;
  const paint = () => {
    if (!bar()) return;
    bar().hidden = false;
    const part = (name) => bar().querySelector(`[data-${name}]`);
    for (const role of ["teacher", "student"]) part(`role=${role}`).hidden = (role === "teacher") !== isTeacher;
    part("lost").hidden = state !== null;
    if (!state) return;
    const { question } = state;
    root.dataset.classroom = isTeacher ? "teacher" : !isFollowing ? "alone" : state.lead ? "follows" : "waits";
    part("alone").hidden = isTeacher || isFollowing;
    fill(part("here"), state.here, state.alone);
    fill(part("join-here"), state.here);
    if (isTeacher && state.here) memory("joined", state.class); // phones that sleep do not bring the large code back
    part("join").hidden = !isTeacher || !isAt("lesson") || memory("joined") === state.class;
    part("example-note").hidden = !document.querySelector(".lesson-step[data-example]")?.checkVisibility();
    part("round").hidden = !question || question.round < 2;
    fill(part("answered"), question ? question.answered : undefined);
    part("class=reveal").disabled = !question || question.revealed;
    part("class=again").disabled = !question || question.revealed || question.round > 1;
    const { words, wordsPaused } = part("class=pause").dataset;
    say(part("class=pause"), state.paused ? wordsPaused : words);
    part("class=pause").classList.toggle("on", state.paused);
    part("paused").hidden = !state.paused;
    part("follow").checked = isFollowing;
  };

  let arrived = ""; // the question that was in sight last
  // Where the teacher is; the language stays one's own. Another model is loaded with the page, whose photo is kept.
  const go = (lead) => {
    const query = new URLSearchParams(lead);
    query.delete("lang");
    const now = JSON.parse(document.querySelector(".status[data-choice]")?.dataset.choice || "{}");
    const isOther = ["model", "weights"].some((name) => query.has(name) && now[name] && query.get(name) !== now[name]);
    const model = `${query.get("model")} ${query.get("weights")}`;
    if (isOther && memory("loaded") !== model) {
      memory("loaded", model); // once: what cannot be loaded here is not tried again and again
      return location.replace(`${location.pathname}?${query}`);
    }
    arrived = "";
    page.visit(`?${query}`);
  };
  // On a phone a step that the teacher has gone to begins at the top, where its question and its choices fit below.
  const arrive = () => {
    const step = document.querySelector("#lesson-result .lesson-step");
    if (root.dataset.classroom !== "follows" || !step?.checkVisibility() || step.dataset.question === arrived) return;
    arrived = step.dataset.question;
    if (PHONE.matches) step.scrollIntoView();
  };
  const take = (next) => {
    const [before, question] = [state, next.question];
    state = next;
    forgetOld(next);
    paint();
    arrive();
    const isReady = document.querySelector(".status[data-choice]");
    if (!isTeacher && isFollowing && isReady && next.lead && next.lead !== followed) {
      followed = next.lead;
      go(next.lead);
    } else if (before && before.revision !== next.revision) page.ringLesson();
  };
  // A class that is not the one from before begins without guesses, and each round of a question without its own.
  const forgetOld = ({ class: name, question }) => {
    if (isTeacher) return;
    begin(name);
    if (!question || question.revealed || !isNew(`${name} ${question.name} ${question.round}`)) return;
    page.lessonForget((each) => each === question.name);
    page.ringLesson();
  };
  const begin = (name, kept = "") => {
    if (memory("name") !== name) page.lessonForget((each) => each !== kept);
    memory("name", name);
  };
  // Whether this page hears of a round for the first time; from now on it has.
  const isNew = (round) => {
    const known = memory("rounds") ?? "";
    if (known.split("|").includes(round)) return false;
    memory("rounds", `${known}|${round}`);
    return true;
  };
  const poll = async () => {
    if (isBusy || !bar()) return;
    isBusy = true;
    try {
      const answer = await fetch(address(`class/state?page=${isTeacher ? "" : me}${isFollowing ? "" : "&alone=yes"}`), { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      take(await answer.json());
    } catch {
      state = null;
      paint();
    }
    isBusy = false;
  };
  const lead = () => {
    paint();
    const query = new URLSearchParams(location.search);
    if (query.get("tab") === "lesson" && !query.has("step")) return; // between two steps
    if (!state || state.paused || location.search === state.lead || !document.querySelector(".status[data-choice]")) return;
    state.lead = location.search; // once; the next poll says whether it came through
    teach("lead", location.search);
  };

  const follow = (isOn) => {
    isFollowing = isOn;
    memory("alone", isOn ? "" : "yes");
    followed = null;
    if (state) take(state); // at once, to where the teacher was last heard of
    poll();
  };

  Object.assign(page, {
    classFollows: () => root.dataset.classroom === "follows",
    // Who goes to another step by oneself follows no longer.
    classAlone() {
      if (isTeacher || !state || !isFollowing) return;
      follow(false);
    },
    async classGuess(question, choice) {
      if (isTeacher || !bar()) return; // what is asked is the server's to say: this page may be two seconds behind
      const taken = await send("class/guess", { page: me, question, choice }).catch(() => null);
      if (taken) {
        begin(taken.class, question);
        isNew(`${taken.class} ${question} ${taken.round}`);
      } else if (!state || state.question?.name === question) {
        page.lessonForget((each) => each === question); // what was not counted is not shown as counted
        page.ringLesson();
      }
    },
    // Space in front of a class; false where there is nothing to reveal.
    classReveal() {
      if (!isTeacher || !state?.question || state.question.revealed) return false;
      teach("reveal");
      return true;
    },
    classSecret: () => secret ?? "",
    voteOpened: (name) => name && page.visit("?tab=lesson&step=vote"),
  });

  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-back-to-class]")) return follow(true);
    const what = target.closest("button[data-class]")?.dataset.class;
    if (what === "vote") page.ringOne("vote");
    else if (what) teach(what, what === "pause" ? !state?.paused : null);
  });
  document.addEventListener("keydown", (event) => {
    const what = { r: "again", p: "pause" }[event.key];
    const isProjector = document.documentElement.classList.contains("projector");
    if (!what || !isTeacher || !isProjector || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!event.target.closest("input, textarea, select")) teach(what, what === "pause" ? !state?.paused : null);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-follow]")) follow(target.checked);
  });

  const starting = setInterval(() => {
    if (!bar()) {
      if (document.documentElement.dataset.ready) clearInterval(starting); // there is no class
      return;
    }
    clearInterval(starting);
    poll();
    setInterval(poll, POLL_MS);
    if (isTeacher) setInterval(lead, LEAD_MS);
    new MutationObserver(() => bar()?.hidden && paint()).observe(bar().parentElement, { childList: true, subtree: true });
    new MutationObserver(arrive).observe(document, { childList: true, subtree: true, attributeFilter: ["aria-selected"] });
  }, 200);
})();
