// Keys for people who search: "/" goes to the field, arrows go through the hits, Enter opens one,
// "+" and "-" mark it. What a page was opened for, or the last question, comes into view. A click
// on a citation brings its passage into view. Fields, menus and players keep their keys.
(() => {
  if (window.kbKeys) return;
  window.kbKeys = true;
  const FIELDS = ".st-key-q input, [data-testid=stChatInputTextArea], .st-key-question_only input";
  const HITS = "[class*='st-key-hit-'], [class*='st-key-answer-']";
  const MARKS = { "+": 0, "-": 1 };
  let last = "";
  const key = (hit) => [...hit.classList].find((name) => /^st-key-(hit|answer)-/.test(name));
  const hits = () =>
    [...document.querySelectorAll(HITS)].filter((each) => each.querySelector(".kb-hit-head"));
  const field = () => [...document.querySelectorAll(FIELDS)].find((each) => each.offsetParent);

  const go = (hit) => {
    last = key(hit);
    hit.tabIndex = -1;
    hit.focus({ preventScroll: true });
    hit.scrollIntoView({ block: "nearest" });
  };

  const move = (event, step) => {
    const all = hits();
    const focused = document.activeElement;
    const free = focused === document.body || focused === null || all.includes(focused);
    const fromField = step > 0 && focused === field() && focused.tagName === "INPUT";
    if (!all.length || !(free || fromField)) return;
    const at = fromField ? -1 : all.findIndex((each) => key(each) === last);
    const next = at < 0 ? (step > 0 ? 0 : -1) : at + step;
    event.preventDefault();
    if (next >= 0 && next < all.length) go(all[next]);
    else if (next < 0) field()?.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target;
    const typing = target.matches?.("input, textarea, select, [contenteditable=true]");
    if (event.key === "/" && !typing && field()) {
      event.preventDefault();
      field().focus();
      field().select?.();
    } else if (event.key === "ArrowDown") move(event, 1);
    else if (event.key === "ArrowUp") move(event, -1);
    else if (hits().includes(target)) {
      if (event.key === "Enter") target.querySelector("[data-testid=stPageLink] a")?.click();
      else if (event.key in MARKS) {
        const mark = target.querySelectorAll("[class*='st-key-mark-'] button")[MARKS[event.key]];
        if (mark?.getAttribute("aria-checked") !== "true") mark?.click();
      }
    }
  });

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
    const aim = document.querySelector("[data-aim]");
    const name = aim && location.search + aim.dataset.aim;
    if (name !== aimed) moved = false;
    aimed = name;
    if (aim && !moved) aim.scrollIntoView({ block: "start" });
  };
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"])
    document.addEventListener(kind, () => (moved = true), { passive: true, capture: true });
  new MutationObserver(() => {
    if (!waiting) requestAnimationFrame(hold);
    waiting = true;
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
})();
