// <sr-place data-field>: a map on which visitors choose an area. The text field named by data-field shows the area; an area
// that is typed there is outlined. <sr-dates data-field>: pictures of dates; the field gets the numbers of the chosen ones.

import {canDraw} from "./stage.js";

const KM_PER_DEGREE = 111.32;
const SIDES_KM = [2, 5, 10, 20];
const DIGITS = 5; // a metre
const NO_AREA = {type: "FeatureCollection", features: []};
const CLOSEST = 13;

const input = id => document.querySelector(`#${id} textarea, #${id} input`);

function fill(id, text) {
  const field = input(id);
  if (!field || field.value === text) return;
  field.value = text;
  field.dispatchEvent(new Event("input", {bubbles: true}));
  field.dispatchEvent(new Event("change", {bubbles: true}));
}

class Place extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    const sides = SIDES_KM.map(side => `<option value="${side}">${side} x ${side} km</option>`).join("");
    this.innerHTML = `
      <div class="sr-bar">
        <label class="sr-field"><span>Size of a click</span><select name="side">${sides}</select></label>
        <div class="sr-buttons"><button type="button" data-do="draw" aria-pressed="false">Draw a rectangle</button></div>
        <label class="sr-check" hidden><input type="checkbox" name="base"> <span></span></label>
      </div>
      <div class="sr-world"></div><small class="sr-credit" hidden></small>
      <p class="sr-plain" hidden>This browser has no WebGL, which the map needs. Type the area into the field.</p>`;
    this.typed = event => event.target.closest(`#${this.dataset.field}`) && this.outline(event.target.value);
    document.addEventListener("input", this.typed);
    this.querySelector("[data-do=draw]").addEventListener("click", event => this.draw(event.currentTarget));
    this.offerBase();
    if (!canDraw()) {
      this.querySelector(".sr-plain").hidden = false;
      this.querySelector(".sr-world").hidden = true;
      return;
    }
    // in a hidden tab the element has no size
    this.observer = new ResizeObserver(() => {
      if (!this.map && this.querySelector(".sr-world").clientWidth > 0) this.open();
      this.map?.resize();
    });
    this.observer.observe(this.querySelector(".sr-world"));
  }

  disconnectedCallback() {
    setTimeout(() => {
      if (this.isConnected) return; // it was only moved within the page
      document.removeEventListener("input", this.typed);
      this.observer?.disconnect();
      this.map?.remove();
    });
  }

  offerBase() {
    const base = document.querySelector("meta[name=sr-base-map]")?.content;
    if (!base) return;
    const {host} = new URL(base);
    const label = this.querySelector(".sr-check");
    label.hidden = false;
    label.querySelector("span").textContent = `Base map (from ${host})`;
    const credit = this.querySelector(".sr-credit");
    credit.textContent = host.endsWith("openstreetmap.org") ? "© OpenStreetMap contributors" : host;
    label.querySelector("input").addEventListener("change", event => {
      credit.hidden = !event.target.checked;
      if (!this.map) return;
      if (event.target.checked) {
        this.map.addSource("base", {type: "raster", tiles: [base], tileSize: 256, maxzoom: 19});
        this.map.addLayer({id: "base", type: "raster", source: "base"}, "world");
      } else {
        this.map.removeLayer("base");
        this.map.removeSource("base");
      }
    });
  }

  open() {
    const world = new URL("places/world.json", document.baseURI).href;
    this.map = new maplibregl.Map({
      container: this.querySelector(".sr-world"),
      style: {version: 8, sources: {}, layers: []},
      center: [10, 30],
      zoom: 0.6,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      boxZoom: false,
      fadeDuration: 0,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches, // on a phone, one finger scrolls the page
      locale: {"Map.Title": "Map to choose an area. Arrow keys move it, Enter chooses its middle"},
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibregl.NavigationControl({showCompass: false}), "top-right");
    this.map.addControl(new maplibregl.ScaleControl(), "bottom-left");
    this.map.on("load", () => {
      this.map.addSource("world", {type: "geojson", data: world});
      this.map.addLayer({id: "world", type: "line", source: "world", paint: {"line-color": "#7d8a97", "line-width": 1}});
      this.map.addSource("area", {type: "geojson", data: NO_AREA});
      this.map.addLayer({id: "fill", type: "fill", source: "area", paint: {"fill-color": "#2dd4bf", "fill-opacity": 0.25}});
      this.map.addLayer({id: "edge", type: "line", source: "area", paint: {"line-color": "#0d9488", "line-width": 2.5}});
      this.ready = true;
      this.outline(input(this.dataset.field)?.value ?? "");
    });
    this.map.on("click", event => this.choose(event.lngLat));
    this.map.getCanvas().addEventListener("keydown", event => event.key === "Enter" && this.choose(this.map.getCenter()));
    this.map.on("mousedown", event => this.begin(event));
    this.map.on("touchstart", event => this.begin(event));
    for (const kind of ["mousemove", "touchmove"]) this.map.on(kind, event => this.stretch(event));
    for (const kind of ["mouseup", "touchend"]) this.map.on(kind, () => this.end());
  }

  // A click chooses a square around it.
  choose({lng, lat}) {
    if (this.drawing || this.drawn) return (this.drawn = false);
    const half = Number(this.querySelector("[name=side]").value) / 2 / KM_PER_DEGREE;
    const across = half / Math.max(0.05, Math.cos((lat * Math.PI) / 180));
    this.take([lng - across, lat - half, lng + across, lat + half]);
  }

  draw(button) {
    this.drawing = !this.drawing;
    button.setAttribute("aria-pressed", this.drawing);
    this.map?.dragPan[this.drawing ? "disable" : "enable"]();
  }

  begin(event) {
    if (!this.drawing) return;
    event.preventDefault();
    this.from = event.lngLat;
  }

  stretch(event) {
    if (!this.from) return;
    const [a, b] = [this.from, event.lngLat];
    this.box = [Math.min(a.lng, b.lng), Math.min(a.lat, b.lat), Math.max(a.lng, b.lng), Math.max(a.lat, b.lat)];
    this.show(this.box);
  }

  end() {
    if (!this.from) return;
    this.from = null;
    if (!this.box) return;
    this.take(this.box);
    this.box = null;
    this.drawn = true; // the click that follows chooses nothing
    setTimeout(() => (this.drawn = false), 300);
    this.draw(this.querySelector("[data-do=draw]"));
  }

  take(box) {
    const wrap = lon => ((((lon + 180) % 360) + 360) % 360) - 180;
    const [west, south, east, north] = box;
    const text = [wrap(west), south, wrap(east), north].map(value => Number(value.toFixed(DIGITS))).join(" ");
    fill(this.dataset.field, text);
    this.show(box);
  }

  // Outline an area that was typed, and move the map there.
  outline(text) {
    if (!this.ready) return;
    const box = text.trim().split(/[\s,]+/).map(Number);
    const valid = box.length === 4 && box.every(Number.isFinite) && box[1] < box[3] && Math.abs(box[1]) < 85 && Math.abs(box[3]) < 85;
    if (!valid) return this.map.getSource("area").setData(NO_AREA);
    if (box[2] < box[0]) box[2] += 360;
    this.show(box);
    const seen = this.map.getBounds();
    const inside = seen.contains([box[0], box[1]]) && seen.contains([box[2], box[3]]);
    if (!inside || this.map.getZoom() < 5) this.map.fitBounds([[box[0], box[1]], [box[2], box[3]]], {padding: 60, maxZoom: CLOSEST, animate: false});
  }

  show([west, south, east, north]) {
    const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    this.map?.getSource("area")?.setData({type: "Feature", properties: {}, geometry: {type: "Polygon", coordinates: [ring]}});
  }
}

class Dates extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", event => {
      const clicked = event.target.closest("button[data-number]");
      if (clicked) this.choose(clicked.dataset.number);
    });
  }

  // Choose another date, or with several revisits one more or one less. The first one chosen stays the reference.
  choose(number) {
    const several = this.dataset.several === "true";
    const before = (input(this.dataset.field)?.value ?? "").split(" ").filter(Boolean);
    let chosen = [number];
    if (several) chosen = before.includes(number) ? before.filter(each => each !== number) : [...before, number];
    const buttons = [...this.querySelectorAll("button[data-number]")];
    for (const button of buttons) {
      button.setAttribute("aria-pressed", chosen.includes(button.dataset.number));
      button.toggleAttribute("data-reference", several && button.dataset.number === chosen[0]);
    }
    const count = this.querySelector(".sr-count");
    if (count) count.textContent = `${chosen.length} of ${buttons.length} dates chosen`;
    fill(this.dataset.field, chosen.join(" "));
  }
}

customElements.define("sr-place", Place);
customElements.define("sr-dates", Dates);
