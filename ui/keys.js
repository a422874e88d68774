// Keys for people who search: "/" goes to the field, arrows go through the hits, Enter opens one,
// "+" and "-" mark it. What a page was opened for, or the last question, comes into view. A click
// on a citation brings its passage into view. Fields, menus and players keep their keys.
//
// The page draws itself anew while people press keys. A press that cannot be done yet is kept, with
// those after it, until what it is for is drawn. Where keys have led to keeps the focus.
(() => {
  if (window.kbKeys) return;
  window.kbKeys = true;
  const FIELDS = ".st-key-q input, [data-testid=stChatInputTextArea], .st-key-question_only input";
  const HITS = "[class*='st-key-hit-'], [class*='st-key-answer-']";
  const TYPED = "input, textarea, select, [contenteditable=true]";
  const MARKS = { "+": "good", "-": "bad" };
  const STEPS = { ArrowDown: 1, ArrowUp: -1 };
  const FIELD = "field";
  const OTHER_PAGES = /\/(document|library|quality|status)\/?$/;
  const LOST_MS = 10000; // a press is kept no longer once nothing is drawn any more
  let place = ""; // where the focus is: the field, or the key of a hit
  let held = null; // the element there
  let marking = null; // the hit that was marked last, how, and for which question
  let kept = []; // presses that are not done yet
  let drawn = 0; // when anything was drawn last
  let page = location.pathname;
  const key = (hit) => [...hit.classList].find((name) => /^st-key-(hit|answer)-/.test(name));
  const hits = () =>
    [...document.querySelectorAll(HITS)].filter((each) => each.querySelector(".kb-hit-head"));
  const field = () => [...document.querySelectorAll(FIELDS)].find((each) => each.offsetParent);
  const at = () => (place === FIELD ? field() : hits().find((each) => key(each) === place));
  const asked = () => document.querySelector("[data-asked]")?.dataset.asked;
  const unfocused = () => [document.body, null].includes(document.activeElement);
  const isDrawing = () =>
    document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";

  // Whether the hits are those of the question in the field, and all of them are there. A question
  // that is only typed is asked.
  const areCurrent = () => {
    const from = field();
    if (from?.tagName !== "INPUT" || asked() === from.value) return true;
    if (!from.value) return false;
    if (place === FIELD) place = "";
    from.blur();
    return false;
  };

  const go = (to, name) => {
    if (name !== FIELD) to.tabIndex = -1;
    to.focus({ preventScroll: name !== FIELD });
    if (name !== FIELD) to.scrollIntoView({ block: "nearest" });
    [place, held] = [name, to];
  };

  const goToField = () => {
    const to = field();
    if (!to) return false;
    go(to, FIELD);
    to.select?.();
    return true;
  };

  const move = (step) => {
    if (!areCurrent()) return false;
    const all = hits();
    if (!all.length) return asked() !== undefined;
    const now = all.findIndex((each) => key(each) === place);
    const next = now < 0 ? (step > 0 ? 0 : -1) : now + step;
    if (next < 0) goToField();
    else if (next < all.length) go(all[next], key(all[next]));
    return true;
  };

  // Whether the server does not have the last mark yet: another one, or another page, would take it
  // with it.
  const isMarking = () => {
    if (marking?.question !== asked()) marking = null;
    const hit = marking && hits().find((each) => key(each) === marking.hit);
    if (!hit || hit.querySelector("[data-marked]")?.dataset.marked === marking.as) marking = null;
    return marking !== null;
  };

  const mark = (hit, as) => {
    const buttons = hit.querySelectorAll("[class*='st-key-mark-'] button");
    const button = buttons[as === "good" ? 0 : 1];
    if (!button || isMarking()) return false;
    if (button.getAttribute("aria-checked") === "true") return true;
    button.click();
    marking = { hit: key(hit), as, question: asked() };
    go(hit, key(hit));
    return true;
  };

  const open = (hit) => {
    const link = hit.querySelector("[data-testid=stPageLink] a");
    if (!link || isMarking()) return false;
    kept = [];
    link.click();
    return true;
  };

  const isDone = (pressed) => {
    if (pressed === "/") return goToField();
    if (pressed in STEPS) return move(STEPS[pressed]);
    const hit = place !== FIELD && areCurrent() && at();
    if (!hit) return false;
    return pressed === "Enter" ? open(hit) : mark(hit, MARKS[pressed]);
  };

  const isLost = ({ since }) =>
    !isDrawing() && performance.now() - Math.max(since, drawn) > LOST_MS;

  const work = () => {
    if (page !== location.pathname) kept = [];
    page = location.pathname;
    while (kept.length && (isLost(kept[0]) || isDone(kept[0].pressed))) kept = kept.slice(1);
  };

  const isOurs = ({ target, key: pressed }) => {
    if (kept.length) return true;
    if (OTHER_PAGES.test(location.pathname)) return false;
    if (pressed === "/") return !target.matches?.(TYPED);
    if (target === field() && target.tagName === "INPUT") return pressed === "ArrowDown";
    if (hits().includes(target)) return true;
    if (!unfocused()) return false;
    if (pressed in STEPS) return hits().length > 0 || document.querySelector(".st-key-q") !== null;
    return Boolean(place) && place !== FIELD && !held.isConnected;
  };

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
      const pressed = event.key;
      if (pressed === "Shift") return;
      work();
      if (pressed !== "/" && pressed !== "Enter" && !(pressed in STEPS) && !(pressed in MARKS)) {
        kept = [];
      } else if (isOurs(event)) {
        event.preventDefault();
        event.stopPropagation();
        if (event.repeat && !(pressed in STEPS)) return;
        if (pressed === "/") kept = kept.filter((each) => each.pressed in MARKS);
        kept.push({ pressed, since: performance.now() });
        work();
      }
    },
    { capture: true },
  );

  document.addEventListener("focusin", ({ target }) => {
    held = target;
    if (target === field()) place = FIELD;
    else place = hits().includes(target) ? key(target) : "";
  });
  document.addEventListener(
    "pointerdown",
    () => {
      kept = [];
      place = "";
      marking = null;
    },
    { capture: true },
  );

  // Streamlit puts a page between the one with a link and the document: back leads past it.
  const push = history.pushState;
  history.pushState = function (...told) {
    const isBetween = !OTHER_PAGES.test(location.pathname) && /^\?id=\d+/.test(location.search);
    return (isBetween ? history.replaceState : push).apply(history, told);
  };

  document.addEventListener("click", (event) => {
    const { cite } = event.target.closest?.(".kb-cited[data-cite]")?.dataset ?? {};
    if (!/^\d+-\d+$/.test(cite ?? "")) return;
    const beside = document.querySelector(`.st-key-beside-${cite}`);
    beside?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  });

  // The aim of a page is held in view while the page grows, until somebody moves by themselves.
  let aimed = null;
  let moved = false;
  let waiting = false;
  const hold = () => {
    waiting = false;
    drawn = performance.now();
    const aim = document.querySelector("[data-aim]");
    const name = aim && location.search + aim.dataset.aim;
    if (name !== aimed) moved = false;
    aimed = name;
    if (aim && !moved) aim.scrollIntoView({ block: "start" });
    if (place && !held.isConnected && unfocused() && at()) go(at(), place);
    work();
  };
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"])
    document.addEventListener(kind, () => (moved = true), { passive: true, capture: true });
  new MutationObserver(() => {
    if (!waiting) requestAnimationFrame(hold);
    waiting = true;
  }).observe(document.body, { childList: true, subtree: true, characterData: true,
    attributes: true, attributeFilter: ["data-test-script-state"] });
})();
