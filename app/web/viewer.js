// <sr-viewer>: the result of a job: comparison, values of pixels, and files to download.

import {chart, table} from "./chart.js";
import {Stage, canDraw} from "./stage.js";

const MEGA = 1e6;
// the controls that a link to a view names
const SHOWN = ["composite", "left", "right", "cut", "gamma"];
let count = 0;

const option = (value, text) => Object.assign(document.createElement("option"), {value, textContent: text});
const degrees = (value, positive, negative) => `${Math.abs(value).toFixed(5)}° ${value < 0 ? negative : positive}`;
const size = bytes =>
  bytes > 1000 * MEGA ? `${(bytes / MEGA / 1000).toFixed(1)} GB`
  : bytes > MEGA / 10 ? `${(bytes / MEGA).toFixed(1)} MB`
  : `${Math.ceil(bytes / 1000)} kB`;

// Return what the server says about an answer that is no success; null stands for no answer.
async function reasonOf(answer) {
  const text = await answer?.text().catch(() => "");
  if (text === "" && answer.status === 404) return "The result has been removed from the server."; // the answer to HEAD
  try {
    return JSON.parse(text).detail;
  } catch {
    return "The server does not answer.";
  }
}

// Return why an address cannot be opened; null if it can.
async function troubleWith(address, options) {
  const answer = await fetch(address, options).catch(() => null);
  return answer?.ok ? null : reasonOf(answer);
}

// Copy a text; return whether it was done. Pages by plain HTTP cannot: they show the text, for people to copy it.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    prompt("", text);
    return false;
  }
}

export class Viewer extends HTMLElement {
  connectedCallback() {
    if (this.view || !this.job) return;
    this.view = this.job.view;
    this.address = new URL(`jobs/${this.job.id}`, document.baseURI).href;
    this.names = Object.fromEntries(this.view.layers.map(layer => [layer.id, layer.name]));
    this.share = 0.5;
    this.innerHTML = this.template(`sr${++count}`);
    this.fill();
    this.restore();
    this.listen();
    this.poster();
    if (!canDraw()) this.part(".sr-plain").hidden = false;
    // first the two pictures: the maps load dozens of tiles, which would delay them
    else this.pictures().then(() => this.isConnected && this.open());
  }

  pictures() {
    return Promise.allSettled([...this.querySelectorAll(".sr-poster img")].map(image => image.decode()));
  }

  disconnectedCallback() {
    // the element may only have been moved within the page
    setTimeout(() => this.isConnected || this.stage?.remove());
  }

  part(selector) {
    return this.querySelector(selector);
  }

  template(key) {
    const label = (name, text, control) => `<label class="sr-field" for="${key}-${name}"><span>${text}</span>${control}</label>`;
    const select = (name, text) => label(name, text, `<select id="${key}-${name}" name="${name}"></select>`);
    const range = (name, text, low, high, step, value) => label(
      name, text, `<input type="range" id="${key}-${name}" name="${name}" min="${low}" max="${high}" step="${step}" value="${value}">`,
    );
    return `
      <div class="sr-bar">
        <div class="sr-switch" role="group" aria-label="View">
          <button type="button" data-plane="pixels">Pixels</button><button type="button" data-plane="earth">Map</button>
        </div>
        ${select("composite", "Show")} ${select("left", "Left")} ${select("right", "Right")}
        <div class="sr-buttons">
          <button type="button" data-do="fit" title="Show the whole image">Fit</button>
          <button type="button" data-do="one" title="Show each pixel of the result as one pixel of the screen">1:1</button>
          <a class="sr-button sr-open-map" target="_blank" rel="noopener" hidden>Open as map</a>
        </div>
        <details class="sr-more"><summary>Adjust</summary><div>
          ${range("cut", "Contrast", 0, 5, 0.25, 0.5)} ${range("gamma", "Brightness", 0.6, 2.6, 0.1, 1.4)}
          ${range("opacity", "Opacity", 0, 1, 0.05, 1)}
          <label class="sr-check" hidden><input type="checkbox" name="base"> <span></span></label>
        </div></details>
      </div>
      <div class="sr-stage">
        <div class="sr-poster sr-poster-left"><img alt=""></div><div class="sr-poster sr-poster-right"><img alt=""></div>
        <div class="sr-map sr-map-left"></div><div class="sr-map sr-map-right"></div>
        <div class="sr-handle" role="slider" tabindex="0" aria-label="Line between the left and the right image"
             aria-valuemin="0" aria-valuemax="100" aria-valuenow="50"><i></i></div>
        <span class="sr-tag sr-tag-left"></span><span class="sr-tag sr-tag-right"></span>
        <div class="sr-legend sr-legend-left" hidden></div><div class="sr-legend sr-legend-right" hidden></div>
        <div class="sr-scale" hidden><i></i><span></span></div>
        <small class="sr-credit" hidden></small>
      </div>
      <p class="sr-gone sr-error" role="alert" hidden></p>
      <p class="sr-plain" hidden>This browser has no WebGL, so you cannot zoom. You can move the line, and download the files below.</p>
      <p class="sr-sure" hidden></p>
      <p class="sr-hint">Drag the line. Zoom with the wheel or with two fingers. Click a pixel to see its values.</p>
      <div class="sr-pick" aria-live="polite" hidden></div>
      <div class="sr-take">
        <h3>Download</h3>
        <div class="sr-files"></div>
        <details><summary>Repeat this on your own machine</summary><div class="sr-recipes"></div></details>
      </div>`;
  }

  fill() {
    const {composites, layers, earth, files} = this.view;
    const select = name => this.part(`[name=${name}]`);
    select("composite").append(...composites.map(name => option(name, name)));
    for (const side of ["left", "right"]) select(side).append(...layers.map(layer => option(layer.id, layer.name)));
    select("left").value = "other" in this.names ? "other" : "input";
    select("right").value = "sr";
    this.plane = earth ? "earth" : "pixels";
    this.part(".sr-switch").hidden = !earth;
    this.part(".sr-open-map").hidden = !earth;
    const base = document.querySelector("meta[name=sr-base-map]")?.content;
    if (base && earth) {
      this.part(".sr-check").hidden = false;
      const {host} = new URL(base);
      this.part(".sr-check span").textContent = `Base map (from ${host})`;
      this.part(".sr-credit").textContent = host.endsWith("openstreetmap.org") ? "© OpenStreetMap contributors" : host;
      this.base = base;
    }
    const links = files.map(file => {
      const link = document.createElement("a");
      link.href = `${this.address}/files/${file.file}`;
      link.download = file.as;
      link.className = "sr-button";
      link.textContent = `${file.what} `;
      const kind = file.file.endsWith(".tif") ? "GeoTIFF" : "GeoJSON";
      link.append(Object.assign(document.createElement("small"), {textContent: `${kind}, ${size(file.bytes)}`}));
      return link;
    });
    const picture = Object.assign(document.createElement("button"), {type: "button", className: "sr-button"});
    picture.append("This comparison ", Object.assign(document.createElement("small"), {textContent: "PNG"}));
    picture.dataset.do = "png";
    const figures = ["png", "pdf"].map(kind => {
      const button = Object.assign(document.createElement("button"), {type: "button", className: "sr-button"});
      button.append("Figure for a report ", Object.assign(document.createElement("small"), {textContent: kind.toUpperCase()}));
      button.dataset.figure = kind;
      button.title = "This part, left and right side by side, with scale, north, place, date, model and stretch";
      return button;
    });
    const share = Object.assign(document.createElement("button"), {type: "button", className: "sr-button", textContent: "Copy a link to this view"});
    share.dataset.do = "link";
    this.part(".sr-files").append(...links, picture, ...figures, share);
    if (this.view.sample) {
      const words = "The sample is on this server only. Give an image of your own in its place.";
      this.part(".sr-recipes").append(Object.assign(document.createElement("p"), {className: "sr-hint", textContent: words}));
    }
    const recipes = {"Command": "command", "Python": "snippet", "Map in a notebook, with leafmap": "notebook"};
    for (const [title, key] of Object.entries(recipes)) {
      if (!this.view[key]) continue;
      // behind a proxy only the browser knows the server's address
      const text = this.view[key].replaceAll(this.view.address, this.address);
      const block = document.createElement("div");
      const copy = Object.assign(document.createElement("button"), {type: "button", textContent: "Copy"});
      copy.setAttribute("aria-label", `Copy: ${title}`);
      copy.addEventListener("click", () => copyText(text).then(done => done && (copy.textContent = "Copied")));
      const code = Object.assign(document.createElement("pre"), {textContent: text, tabIndex: 0});
      code.dataset.recipe = key;
      block.append(Object.assign(document.createElement("h4"), {textContent: title}), copy, code);
      this.part(".sr-recipes").append(block);
    }
  }

  listen() {
    this.addEventListener("change", event => event.target.name && event.target.name !== "opacity" && this.draw());
    this.part("[name=opacity]").addEventListener("input", event => this.fade(Number(event.target.value)));
    this.addEventListener("click", event => {
      const button = event.target.closest("button");
      if (button?.dataset.plane) {
        this.plane = button.dataset.plane;
        this.draw();
      }
      if (button?.dataset.do === "fit") this.stage?.fit();
      if (button?.dataset.do === "one") this.stage?.oneToOne();
      if (button?.dataset.do === "png") this.download();
      if (button?.dataset.do === "link") copyText(this.link()).then(done => done && (button.textContent = "Link copied"));
      if (button?.dataset.figure) this.figure(button.dataset.figure);
    });
    const more = this.part(".sr-more");
    this.addEventListener("keydown", event => {
      if (event.key !== "Escape" || !more.open) return;
      more.open = false;
      more.querySelector("summary").focus();
    });
    this.part(".sr-files").addEventListener("click", event => this.take(event));
    const map = this.part(".sr-open-map");
    map.addEventListener("click", event => this.openMap(event, map));
    const handle = this.part(".sr-handle");
    handle.addEventListener("pointerdown", event => {
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
      handle.focus();
    });
    handle.addEventListener("pointermove", event => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = this.part(".sr-stage").getBoundingClientRect();
      this.swipe((event.clientX - box.left) / box.width);
    });
    handle.addEventListener("keydown", event => {
      const step = {ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1}[event.key];
      const to = {Home: 0, End: 1}[event.key];
      if (step === undefined && to === undefined) return;
      event.preventDefault();
      this.swipe(to ?? this.share + step);
    });
  }

  swipe(share) {
    this.share = Math.min(1, Math.max(0, share));
    const per_cent = 100 * this.share;
    for (const side of this.querySelectorAll(".sr-map-right, .sr-poster-right")) side.style.clipPath = `inset(0 0 0 ${per_cent}%)`;
    for (const side of this.querySelectorAll(".sr-map-left, .sr-poster-left")) side.style.clipPath = `inset(0 ${100 - per_cent}% 0 0)`;
    const handle = this.part(".sr-handle");
    handle.style.left = `${per_cent}%`;
    handle.setAttribute("aria-valuenow", Math.round(per_cent));
  }

  value(name) {
    return this.part(`[name=${name}]`).value;
  }

  query() {
    return new URLSearchParams({composite: this.value("composite"), cut: this.value("cut"), gamma: this.value("gamma")});
  }

  // Show both sides as pictures: until the maps are ready, and instead of them in browsers without WebGL.
  poster() {
    const shown = new URLSearchParams([...this.query(), ["left", this.value("left")], ["right", this.value("right")]]);
    if (this.part("[name=base]").checked) shown.set("base", "true");
    this.part(".sr-open-map").href = `${this.address}/map?${shown}`;
    this.swipe(this.share);
    for (const side of ["left", "right"]) {
      const image = this.part(`.sr-poster-${side} img`);
      image.src = `${this.address}/pictures/${this.value(side)}.webp?size=900&${this.query()}`;
      image.alt = `${this.names[this.value(side)]}, ${this.value("composite")}`;
      this.part(`.sr-tag-${side}`).textContent = this.names[this.value(side)];
    }
    for (const button of this.querySelectorAll("[data-plane]")) {
      button.setAttribute("aria-pressed", String(button.dataset.plane === this.plane));
    }
    const sure = this.part(".sr-sure");
    sure.hidden = !["left", "right"].some(side => this.value(side) === "uncertainty");
    const held = this.view.coverage === null ? "" : ` On unseen Sentinel-2 sites it contained ${Math.round(100 * this.view.coverage)} %.`;
    sure.textContent = `Uncertainty: half the width of an interval around each pixel. It should contain 80 % of the true values.${held}`;
    this.legend();
  }

  open() {
    try {
      this.stage = new Stage(this.part(".sr-stage"), this.view, this.address, place => this.pick(place));
    } catch (error) {
      console.warn("The maps failed:", error);
      this.part(".sr-plain").hidden = false;
      return;
    }
    this.draw();
    if (this.wanted) this.stage.go(this.wanted);
    this.stage.whenDrawn().then(() => {
      this.classList.add("sr-live");
      this.dispatchEvent(new CustomEvent("sr-live", {bubbles: true}));
    });
  }

  draw() {
    this.poster();
    const based = this.part("[name=base]").checked && this.plane === "earth";
    this.part(".sr-credit").hidden = !based;
    this.stage?.show(this.plane, this.value("left"), this.value("right"), this.query(), based ? this.base : null);
  }

  fade(opacity) {
    this.stage?.fade(opacity);
    for (const image of this.querySelectorAll(".sr-poster img")) image.style.opacity = opacity;
  }

  legend() {
    const query = String(this.query());
    for (const side of ["left", "right"]) this.legendOf(side, this.value(side), query);
  }

  async legendOf(side, layer, query) {
    const answer = await fetch(`${this.address}/legend/${layer}?${query}`).catch(() => null);
    if (!answer || answer.status === 404) return this.gone(await reasonOf(answer));
    this.part(".sr-gone").hidden = true; // the server answers again
    if (!answer.ok || layer !== this.value(side) || query !== String(this.query())) return;
    const {scale} = await answer.json();
    const box = this.part(`.sr-legend-${side}`);
    box.hidden = !scale;
    if (!scale) return;
    const ramp = document.createElement("i");
    ramp.style.background = `linear-gradient(to right, ${scale.colours.map(colour => `rgb(${colour})`).join(",")})`;
    box.replaceChildren(String(scale.from), ramp, `${Number(scale.to.toPrecision(2))} ${scale.unit}`);
  }

  // The server has removed the job: what is on the screen stays, nothing else comes.
  gone(text) {
    const note = this.part(".sr-gone");
    note.textContent = `${text} What is shown here stays until you leave the page.`;
    note.hidden = false;
  }

  // Download a file, if the server still has it: else the browser would save the error.
  async take(event) {
    const link = event.target.closest("a");
    if (!link || link.dataset.there) return;
    event.preventDefault();
    const text = await troubleWith(link.href, {method: "HEAD"});
    if (text) return this.gone(text);
    link.dataset.there = "yes";
    link.click();
    delete link.dataset.there;
  }

  // Open the map in a new tab, unless it was removed. Browsers open tabs only at the click itself, not after an answer.
  async openMap(event, link) {
    event.preventDefault();
    const tab = open("", "_blank");
    const text = await troubleWith(this.address);
    if (!text && tab) return tab.location.replace(link.href);
    tab?.close();
    if (text) this.gone(text);
    else location.assign(link.href); // the browser allows no tabs
  }

  async pick(place) {
    const answer = await fetch(`${this.address}/pixel?${new URLSearchParams(place)}`).catch(() => null);
    if (!answer || answer.status === 404) return this.gone(await reasonOf(answer));
    if (!answer.ok) return;
    const box = this.part(".sr-pick");
    const values = await answer.json();
    this.stage?.mark(values);
    const title = document.createElement("h3");
    const where = values.lon === undefined ? "" : `, ${degrees(values.lat, "N", "S")} ${degrees(values.lon, "E", "W")}`;
    title.textContent = `Pixel in row ${values.row}, column ${values.col}${where}`;
    const key = document.createElement("p");
    key.className = "sr-key";
    for (const layer of ["input", "bicubic", "sr", "other"]) {
      if (!values.layers[layer]) continue;
      const item = document.createElement("span");
      item.className = `sr-key-${layer}`;
      item.textContent = this.names[layer];
      key.append(item);
    }
    const numbers = document.createElement("div");
    numbers.className = "sr-scroll";
    numbers.tabIndex = 0;
    numbers.setAttribute("role", "region");
    numbers.setAttribute("aria-label", "Values of this pixel");
    numbers.append(table(values, this.view.bands, this.names, this.view.quantity));
    const drawing = document.createElement("div");
    drawing.append(key, chart(values, this.view.bands, this.names, this.view.quantity));
    box.replaceChildren(title, drawing, numbers);
    box.hidden = false;
  }

  // Return an address that shows this view to others, while the server has the result.
  link() {
    const shown = new URLSearchParams({plane: this.plane, share: this.share.toFixed(3)});
    for (const name of SHOWN) shown.set(name, this.value(name));
    for (const [name, value] of Object.entries(this.stage?.position() ?? {})) shown.set(name, value);
    return `${new URL(`?job=${this.job.id}`, document.baseURI).href}#${shown}`;
  }

  // Show the view that the address of the page names, if it is one of this job.
  restore() {
    const shown = new URLSearchParams(location.hash.slice(1));
    if (new URL(location.href).searchParams.get("job") !== this.job.id || !shown.has("plane")) return;
    for (const name of SHOWN) {
      const field = this.part(`[name=${name}]`);
      const known = field.tagName !== "SELECT" || [...field.options].some(each => each.value === shown.get(name));
      if (shown.has(name) && known) field.value = shown.get(name);
    }
    if (shown.get("plane") === "pixels") this.plane = "pixels";
    const share = Number(shown.get("share") ?? 0.5);
    if (share >= 0 && share <= 1) this.share = share;
    const [lng, lat, zoom] = ["lng", "lat", "zoom"].map(name => Number(shown.get(name) ?? NaN));
    if ([lng, lat, zoom].every(Number.isFinite) && Math.abs(lat) < 90) this.wanted = {center: [lng, lat], zoom};
  }

  // Download a figure of the part on the screen, with the layers of both sides.
  async figure(kind) {
    const query = this.query();
    for (const side of ["left", "right"]) query.set(side, this.value(side));
    if (this.stage) query.set(this.plane === "earth" ? "bounds" : "rows_cols", this.stage.corners().join(","));
    const answer = await fetch(`${this.address}/figure.${kind}?${query}`).catch(() => null);
    if (!answer?.ok) return this.gone(await reasonOf(answer));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `${this.job.stem}_figure.${kind}`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  async download() {
    if (!this.stage) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await this.stage.picture(this.share));
    link.download = `${this.job.stem}_comparison.png`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

customElements.define("sr-viewer", Viewer);
