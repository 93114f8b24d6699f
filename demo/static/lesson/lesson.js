// The lesson: which step is open, what was guessed, and what is set; all of it is kept in this browser alone, and the
// server is told with each request (demo/lesson/handlers.py), which answers with the step as it may be shown.
(() => {
  const KEY = "resnet-explorer-lesson";
  const BY_HAND = "-";
  const VOTE_BACK = "@"; // from a vote to where one was
  const page = window.resnetExplorer;
  const stored = () => {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return {}; // a private window, or something else's
    }
  };
  const { step: last = "", guesses = {} } = stored();
  let step = new URLSearchParams(location.search).get("step") ?? last;
  const settings = {};

  const keep = () => {
    try {
      localStorage.setItem(KEY, JSON.stringify({ step, guesses }));
    } catch {
      // a private window keeps nothing
    }
  };
  const inSight = () => document.querySelector("#lesson-result")?.offsetParent != null;
  const shown = () => document.querySelector("#lesson-result .lesson-step");
  const ring = () => page.ringOne("lesson");

  let previous = ""; // the step from which a vote was opened
  const open = (name, isOwn = true) => {
    const to = name === VOTE_BACK ? previous : name;
    if (name === undefined || to === step) return;
    if (step !== "vote") previous = step;
    step = to;
    if (isOwn) page.classAlone?.();
    document.documentElement.classList.remove("telling");
    keep();
    ring();
  };
  const guess = (choice) => {
    const question = shown()?.dataset.question;
    if (!question || shown().classList.contains("shown")) return;
    guesses[question] = choice;
    keep();
    if (choice !== BY_HAND) page.classGuess?.(question, choice);
    ring();
  };
  const set = ({ set: name, value }) => {
    const { question } = shown().dataset; // what is shown, whatever was asked for
    settings[question] = { ...settings[question], [name]: value };
    ring();
  };

  Object.assign(page, {
    lesson: () => JSON.stringify({ step, guesses, settings, secret: page.classSecret() }),
    lessonStep: open,
    // What an address asks for, by Back or in a class.
    lessonArrive(query) {
      const to = query.get("step");
      if (!to) return;
      if (step !== "vote") previous = step;
      step = to;
    },
    // The guesses at some questions, by their names.
    lessonForget(isMeant) {
      for (const name of Object.keys(guesses).filter(isMeant)) delete guesses[name];
      keep();
    },
    // Where a class begins: the first step, whatever this browser was at last.
    lessonAgain() {
      step = "";
    },
    ringLesson() {
      if (inSight()) ring();
    },
  });

  document.addEventListener("click", (event) => {
    const { target } = event;
    const button = target.closest("#lesson-result button");
    if (button?.dataset.step !== undefined) open(button.dataset.step);
    if (button?.dataset.guess) guess(button.dataset.guess);
    if (button?.dataset.set) set(button.dataset);
    if (target.closest("[data-print-lesson]")) print();
    const link = target.closest("a[data-visit]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    page.visit(link.getAttribute("href"));
  });

  // Arrow keys go through the steps, letters and numbers guess; in groups of buttons and pictures the arrows are theirs.
  document.addEventListener("keydown", (event) => {
    if (!inSight() || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], [role=tab], [data-lab] [tabindex]")) return;
    const turn = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
    if (turn !== undefined) {
      event.preventDefault();
      if (page.classFollows?.()) return; // the teacher leads
      const button = document.querySelectorAll("#lesson-result .lesson-turn [data-step]")[turn];
      if (button && !button.disabled) open(button.dataset.step); // nothing comes before the first or after the last
      return;
    }
    const place = /^[a-h]$/i.test(event.key) ? event.key.toLowerCase().charCodeAt(0) - 97 : Number(event.key) - 1;
    const choices = document.querySelectorAll("#lesson-result .lesson-choices [data-guess]");
    if (choices[place] && !choices[place].disabled && event.key !== "f") choices[place].click();
  });
  // In front of a class space shows the answer: the teacher's for all, else without a guess.
  let isSpaceOurs = false;
  document.addEventListener(
    "keydown",
    (event) => {
      const isProjector = document.documentElement.classList.contains("projector");
      if (event.key !== " " || !isProjector || !inSight()) return;
      const part = event.target.closest("button, a, input, summary");
      if (part && !part.closest(".lesson-choices")) return;
      isSpaceOurs = true;
      event.preventDefault();
      event.stopPropagation();
      if (event.repeat) return;
      if (shown()?.classList.contains("shown")) document.documentElement.classList.toggle("telling");
      else if (!page.classReveal?.()) document.querySelector('#lesson-result [data-guess="-"]')?.click();
    },
    true,
  );
  document.addEventListener(
    "keyup",
    (event) => {
      if (event.key !== " " || !isSpaceOurs) return;
      isSpaceOurs = false;
      event.preventDefault(); // a choice in focus would take it for a press
    },
    true,
  );

  const print = () => {
    const sheet = document.querySelector("#lesson-sheet .sheet").cloneNode(true);
    sheet.id = "sheet-in-print";
    document.body.append(sheet);
    document.documentElement.classList.add("printing-sheet");
    const over = () => {
      document.documentElement.classList.remove("printing-sheet");
      sheet.remove();
    };
    addEventListener("afterprint", over, { once: true });
    window.print();
  };
})();
