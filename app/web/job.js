// <sr-job data-id>: the progress of a job, then its result. It asks the server, so that it also works after a reload.

import {reading} from "./reading.js";
import "./viewer.js";

const ASK_MS = 250;
const SLOWEST_ASK_MS = 5000; // while the server does not answer
const TOLD_AFTER = 4; // failed requests in a row before the page says so: one may be a change of network
const LONGEST_ANSWER_MS = 15000;
const HOLD_MS = 3000; // in this time the pictures of a result load
const SAMPLE_WAITS_MS = 5000;

const duration = seconds =>
  seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
// An estimate may be wrong by this factor: other programs and visitors use the same cores.
const FACTOR = 1.5;
const range = seconds => {
  const [least, most] = [duration(seconds / FACTOR), duration(seconds * FACTOR)];
  return least === most ? most : `${least} to ${most}`;
};
const million = px => (px / 1e6 >= 0.1 ? `${(px / 1e6).toFixed(1)} million pixels` : `${px} pixels`);

let remembered = null; // id of the job in the address of the page
let found; // to be called when that job is on the page
// The sample waits for that job.
const sampleMayStart = new URL(location.href).searchParams.has("job")
  ? Promise.race([new Promise(done => (found = done)), new Promise(done => setTimeout(done, SAMPLE_WAITS_MS))])
  : Promise.resolve();

addEventListener("popstate", () => {
  if (new URL(location.href).searchParams.get("job") !== remembered) location.reload();
});

class Job extends HTMLElement {
  static observedAttributes = ["data-id"];

  // Gradio reuses elements: it changes their attributes and removes their children. Then begin again.
  attributeChangedCallback() {
    if (this.isConnected) queueMicrotask(() => this.begin());
  }

  connectedCallback() {
    if (this.id_begun !== this.dataset.id) this.begin();
  }

  begin() {
    this.id_begun = this.dataset.id;
    this.replaceChildren();
    delete this.dataset.state;
    this.address = new URL(`jobs/${this.dataset.id}`, document.baseURI).href;
    this.failures = 0;
    this.seen = false;
    if (this.dataset.remember !== undefined) {
      const here = new URL(location.href);
      const earlier = here.searchParams.get("job");
      here.searchParams.set("job", this.dataset.id);
      if (earlier !== this.dataset.id) here.hash = ""; // it names a view of the job before
      // the browser's Back button leads to the job before
      if (earlier && earlier !== this.dataset.id) history.pushState(history.state, "", here);
      else history.replaceState(history.state, "", here);
      remembered = this.dataset.id;
      found?.();
    }
    const id = this.id_begun;
    sampleMayStart.then(() => id === this.id_begun && this.ask(id));
  }

  async ask(id) {
    let told;
    try {
      const answer = await fetch(this.address, {signal: AbortSignal.timeout(LONGEST_ANSWER_MS)});
      told = await answer.json();
      if (id !== this.id_begun || !this.isConnected) return;
      if (answer.status === 404) return this.say("alert", "This result is not available", told.detail);
      if (!answer.ok) throw new Error(answer.statusText);
      this.failures = 0;
    } catch {
      if (id !== this.id_begun || !this.isConnected) return;
      this.failures += 1;
      if (this.failures >= TOLD_AFTER) this.lost();
      return this.later(id, Math.min(ASK_MS * 2 ** this.failures, SLOWEST_ASK_MS));
    }
    delete this.dataset.lost;
    this.show(told);
    if (told.state === "waiting" || told.state === "running") this.later(id, ASK_MS);
  }

  // Ask again after some time, or at once when the network is back.
  later(id, ms) {
    const again = () => {
      clearTimeout(timer);
      removeEventListener("online", again);
      this.ask(id);
    };
    const timer = setTimeout(again, ms);
    addEventListener("online", again);
  }

  // The connection is lost: the page does not know how the job is. It asks on.
  lost() {
    const text = "No answer from the server. The page asks again until it gets one.";
    this.dataset.lost = "";
    if (this.querySelector("progress")) this.querySelector(".sr-line").textContent = text;
    else this.say("status", "No connection", text);
  }

  show(told) {
    this.dataset.state = told.state;
    if (told.state === "done") return this.result(told);
    if (told.state === "failed") return this.say("alert", "This did not work", told.message);
    if (told.state === "stopped") return this.say("status", "Stopped", told.message || "The server has removed its files.");
    if (!this.querySelector("progress")) {
      this.innerHTML = `
        <div class="sr-card"><h2></h2><p class="sr-line" role="status"></p><progress max="1" aria-label="Progress"></progress>
        <button type="button" class="sr-button sr-stop">Stop</button></div>`;
      this.comeIntoView();
      this.querySelector(".sr-stop").addEventListener("click", event => this.stop(event.target));
    }
    const bar = this.querySelector("progress");
    this.querySelector("h2").textContent = told.title;
    const {step} = told;
    let line = `Preparing, about ${range(told.seconds_left)} left`;
    if (told.state === "waiting") {
      line = told.ahead ? `Waiting for ${told.ahead} other ${told.ahead === 1 ? "job" : "jobs"}, about ${range(told.seconds_waiting)}, then ${range(told.seconds_left)}` : "Waiting";
    }
    else if (step && step.done_px >= step.total_px) line = "Adding overviews to the files";
    else if (step) {
      line = `${Math.round((100 * step.done_px) / step.total_px)} % of ${million(step.total_px)}, ` +
        `${Math.round(step.px_per_s / 1000)} thousand per second, about ${range(told.seconds_left)} left`;
    }
    this.querySelector(".sr-line").textContent = line;
    if (step?.total_px) bar.value = step.done_px / step.total_px;
    else bar.removeAttribute("value");
  }

  // Ask the server to stop the job. If it does not answer, the visitor can try again.
  async stop(button) {
    button.disabled = true;
    try {
      const answer = await fetch(this.address, {method: "DELETE", signal: AbortSignal.timeout(LONGEST_ANSWER_MS)});
      if (answer.status >= 500) throw new Error(answer.statusText);
      this.ask(this.id_begun);
    } catch {
      button.disabled = false;
    }
  }

  result(told) {
    const {view} = told;
    const viewer = document.createElement("sr-viewer");
    viewer.job = told;
    const title = document.createElement("div");
    title.className = "sr-title";
    const gsd = view.gsd_m ? `, ${view.gsd_m} m became ${view.gsd_m / view.scale} m` : "";
    const text = `${view.width / view.scale} x ${view.height / view.scale} px became ${view.width} x ${view.height} px${gsd}, ` +
      `with ${told.models.join(" and ")} in ${(told.seconds ?? 0).toFixed(1)} s.`;
    title.append(
      Object.assign(document.createElement("h2"), {textContent: told.title}),
      Object.assign(document.createElement("p"), {textContent: text}),
      ...reading(view.read, view.warning),
    );
    if (view.credit) title.append(Object.assign(document.createElement("p"), {textContent: `${view.credit}.`, className: "sr-credits"}));
    if (!told.kept) {
      const link = document.createElement("a");
      link.href = new URL(`?job=${told.id}`, document.baseURI).href;
      link.textContent = "a secret address";
      const kept = document.createElement("p");
      kept.append(`The result is kept for ${told.keep_minutes} minutes at `, link, ". Nobody can guess it.");
      title.append(kept);
    }
    this.holdTop(() => this.replaceChildren(title, ...this.views(view.views), viewer));
    this.comeIntoView();
  }

  // The result may be far from the button that started the job: below it, or above it on a phone.
  comeIntoView() {
    const {top} = this.getBoundingClientRect();
    const above = top < 0 && !this.seen; // later the visitor may have scrolled on purpose
    this.seen = true;
    if (this.dataset.remember !== undefined && this.offsetParent && (top > innerHeight / 2 || above)) {
      this.scrollIntoView({behavior: "smooth", block: "start"});
    }
  }

  // The result is higher than the progress. If that is in view, keep its top there, not what is below it.
  holdTop(replace) {
    const {top} = this.getBoundingClientRect();
    const inView = this.offsetParent && top >= -1 && top <= innerHeight; // parts of a pixel do not count
    if (inView) {
      document.documentElement.style.overflowAnchor = "none";
      setTimeout(() => (document.documentElement.style.overflowAnchor = ""), HOLD_MS);
    }
    replace();
    if (inView) scrollBy({top: this.getBoundingClientRect().top - top, behavior: "instant"});
  }

  // Show a small picture and the facts of each revisit.
  views(views) {
    if (!views?.length) return [];
    const strip = Object.assign(document.createElement("div"), {className: "sr-views", tabIndex: 0});
    strip.setAttribute("role", "group");
    strip.setAttribute("aria-label", "The images and their weights");
    views.forEach((told, number) => {
      const figure = document.createElement("figure");
      const moved = `${told.shift.rows.toFixed(2)} ${told.shift.cols.toFixed(2)} px`;
      const facts = [told.taken, `${Math.round(100 * told.clear)} % clear${told.mask === "-" ? "" : ` by ${told.mask}`}`];
      if (told.role === "reference") facts.push("reference");
      else if (told.role === "used") facts.push(`shifted by ${moved}`);
      else facts.push(told.role);
      if (told.role === "reference" || told.role === "used") facts.push(`weight ${Math.round(100 * told.weight)} %`);
      const caption = document.createElement("figcaption");
      const line = document.createElement("span");
      // each fact is a text of its own, which has a translation
      for (const fact of facts.filter(Boolean)) line.append(...(line.firstChild ? [", ", fact] : [fact]));
      caption.append(Object.assign(document.createElement("strong"), {textContent: told.name}), line);
      const picture = Object.assign(document.createElement("img"), {src: `${this.address}/views/${number}.png`, alt: "", loading: "lazy"});
      figure.append(picture, caption);
      strip.append(figure);
    });
    return [strip];
  }

  say(role, title, text) {
    const card = document.createElement("div");
    card.className = role === "alert" ? "sr-card sr-error" : "sr-card";
    card.setAttribute("role", role);
    card.append(
      Object.assign(document.createElement("h2"), {textContent: title}),
      Object.assign(document.createElement("p"), {textContent: text}),
    );
    this.replaceChildren(card);
  }
}

customElements.define("sr-job", Job);
