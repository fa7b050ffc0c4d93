// The language of the page: the one that the visitor chose, else that of the browser, else English.
//
// The page is made in English. web/languages/CODE.json has translations by the English text; {0}, {1} ... stand for what
// varies in it. This script replaces texts as they appear. A text without a translation stays, marked as English.

(() => {
  const ENGLISH = "en";
  const KEY = "sr-language";
  const NAMES = ["aria-label", "title", "placeholder", "alt"]; // attributes that people read
  const LEFT_ALONE = "script, style, pre, code, textarea, [translate=no]";
  const WITHIN_SENTENCES = "em, strong, code, b, i";
  const FEWEST_LETTERS = 3; // of a pattern; one like "{0} to {1}" translates parts of other patterns only
  const SENTENCE = /[A-Za-z]+( [A-Za-z]+){3}/; // of English, which deserves a mark

  const known = (document.querySelector("meta[name=sr-languages]")?.content ?? "").split(" ").filter(Boolean);

  function choose() {
    let chosen = null;
    try {
      chosen = localStorage.getItem(KEY);
    } catch {
      // the browser stores nothing
    }
    for (const wanted of [chosen, ...navigator.languages]) {
      const short = wanted?.toLowerCase().split("-")[0];
      const found = [ENGLISH, ...known].find(each => each.toLowerCase().split("-")[0] === short);
      if (found) return found;
    }
    return ENGLISH;
  }

  const language = choose();
  // Gradio takes its own words in this language, too
  Object.defineProperty(navigator, "language", {get: () => language});
  Object.defineProperty(navigator, "languages", {get: () => [language]});

  const speak = () => document.documentElement.lang !== language && (document.documentElement.lang = language);
  new MutationObserver(speak).observe(document.documentElement, {attributeFilter: ["lang"]});
  speak();

  document.addEventListener("change", event => {
    if (event.target.id !== KEY) return;
    try {
      localStorage.setItem(KEY, event.target.value);
    } catch {
      return; // a reload would forget the choice
    }
    location.reload();
  });
  const select = () => {
    const list = document.getElementById(KEY);
    if (list) list.value = language;
  };
  const watch = look => {
    const observer = new MutationObserver(look);
    observer.observe(document.documentElement, {
      childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: NAMES,
    });
  };
  if (language === ENGLISH) {
    watch(select);
    return;
  }

  let texts = new Map(), patterns = [];
  const plain = text => text.trim().replace(/\s+/g, " ");
  const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  function prepare(table) {
    texts = new Map(Object.entries(table));
    patterns = [];
    for (const [key, value] of texts) {
      if (!key.includes("{0}")) continue;
      const order = [...key.matchAll(/\{(\d)\}/g)].map(found => found[1]);
      const form = new RegExp(`^${key.split(/\{\d\}/).map(escaped).join("(.+?)")}$`);
      const letters = key.replace(/\{\d\}|[^a-zA-Z]/g, "").length;
      patterns.push({form, order, value, alone: letters >= FEWEST_LETTERS});
    }
  }

  // Return the translation of a text, or null.
  function translated(text, within = false) {
    const exact = texts.get(text);
    if (exact !== undefined) return exact;
    for (const {form, order, value, alone} of patterns) {
      const found = (alone || within) && form.exec(text);
      if (!found) continue;
      const parts = Object.fromEntries(order.map((name, index) => [name, found[index + 1]]));
      return value.replace(/\{(\d)\}/g, (_, name) => (within ? parts[name] : translated(parts[name], true) ?? parts[name]));
    }
    return null;
  }

  const isLeftAlone = element => element?.closest(LEFT_ALONE);

  function change(node) {
    const text = plain(node.data);
    if (!/\p{L}/u.test(text) || isLeftAlone(node.parentElement)) return;
    const value = translated(text);
    if (value === null) {
      if (SENTENCE.test(text) && node.parentElement.lang !== ENGLISH && !done.has(node)) node.parentElement.lang = ENGLISH;
    } else if (value !== text) {
      done.add(node);
      node.parentElement.removeAttribute("lang");
      node.data = node.data.replace(/^(\s*)[^]*?(\s*)$/, (_, before, after) => before + value + after);
    }
  }

  const done = new WeakSet(); // texts that are in the language of the page

  // A sentence with words in bold, italics or code has one translation.
  function changeSentence(element) {
    if (isLeftAlone(element)) return false;
    const value = translated(plain(element.innerHTML));
    if (value === null) return false;
    element.innerHTML = value;
    const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) done.add(walk.currentNode);
    return true;
  }

  function changeNames(element) {
    for (const name of NAMES) {
      const value = element.getAttribute(name) && translated(plain(element.getAttribute(name)));
      if (value) element.setAttribute(name, value);
    }
  }

  function look(root) {
    if (root.nodeType === Node.TEXT_NODE) {
      const sentence = root.parentElement?.closest("p, li");
      if (!(sentence?.querySelector(WITHIN_SENTENCES) && changeSentence(sentence))) change(root);
      return;
    }
    if (root.nodeType !== Node.ELEMENT_NODE) return;
    for (const element of [root, ...root.querySelectorAll("*")]) {
      changeNames(element);
      if (element.matches("p, li") && element.querySelector(WITHIN_SENTENCES)) changeSentence(element);
    }
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walk.nextNode()) found.push(walk.currentNode);
    found.filter(node => !done.has(node)).forEach(change);
  }

  fetch(new URL(`web/languages/${language}.json`, document.baseURI)).then(answer => answer.json()).then(table => {
    prepare(table.texts);
    watch(changes => {
      select();
      for (const each of changes) {
        if (each.type === "attributes") changeNames(each.target);
        else if (each.type === "characterData") look(each.target);
        else each.addedNodes.forEach(look);
      }
    });
    look(document.documentElement);
    select();
    dispatchEvent(new Event("resize")); // Gradio may have measured the tabs with other names
  });
})();
