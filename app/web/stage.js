// Two maps on top of each other that move together, with a line between them.
//
// On the plane "pixels" the upper left corner of the image is at the middle of the web map, and one SR pixel is one pixel
// at zoom `pixel_zoom`. In this way the map library shows images without georeference, pixel by pixel.

const EMPTY = {version: 8, sources: {}, layers: []};
const AGAIN_MS = 3000; // after it tiles that the network lost are asked for again
const HALF_TURN = 180;
const EQUATOR_M = 2 * Math.PI * 6378137;
const LONGEST_BAR_PX = 80;

export const canDraw = () => {
  try {
    return Boolean(window.maplibregl && document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
};

export class Stage {
  constructor(element, view, address, onPick) {
    this.element = element;
    this.view = view;
    this.address = address;
    this.onPick = onPick;
    this.world = 256 * 2 ** view.pixel_zoom;
    this.plane = view.earth ? "earth" : "pixels";
    this.opacity = 1;
    this.sides = [];
    this.maps = ["left", "right"].map(side => this.makeMap(element.querySelector(`.sr-map-${side}`), side));
    this.maps.forEach((map, index) => map.on("move", () => this.follow(index)));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(element);
    this.fit();
  }

  makeMap(container, side) {
    const coarse = matchMedia("(pointer: coarse)").matches;
    const map = new maplibregl.Map({
      container,
      style: structuredClone(EMPTY),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      maxZoom: 24,
      renderWorldCopies: false,
      fadeDuration: 0,
      cooperativeGestures: coarse, // on a phone, one finger scrolls the page
      locale: {"Map.Title": side === "left" ? "Left image. Arrow keys move it, Enter shows the values in its middle" : "Right image"},
      canvasContextAttributes: {preserveDrawingBuffer: true}, // needed for the picture of the comparison
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.on("click", event => this.pick(event.lngLat));
    map.getCanvas().addEventListener("keydown", event => event.key === "Enter" && this.pick(map.getCenter()));
    map.once("load", () => {
      map.isReady = true; // the event "load" comes only once
      this.draw(map);
    });
    map.on("zoomend", () => this.sharpen(map));
    map.on("error", event => this.ask(map, event.error));
    return map;
  }

  // Ask again for the tiles, since MapLibre does not, if the server could not be reached. A new address makes new tiles.
  ask(map, error) {
    if (error?.status !== 0) return console.error(error);
    map.waits ??= setTimeout(() => {
      map.waits = null;
      map.again = (map.again ?? 0) + 1;
      if (map.style && this.element.isConnected) this.draw(map);
    }, AGAIN_MS);
  }

  // A result may arrive in a hidden tab, where the element has no size. Fit the image when the tab is opened.
  resize() {
    this.maps.forEach(map => map.resize());
    const seen = this.element.clientWidth > 0;
    if (seen && !this.seen) this.wanted ? this.maps[0].jumpTo(this.wanted) : this.fit();
    this.seen = seen;
  }

  // Return the place and the zoom that both maps show.
  position() {
    const {lng, lat} = this.maps[0].getCenter();
    return {lng: lng.toFixed(7), lat: lat.toFixed(7), zoom: this.maps[0].getZoom().toFixed(3)};
  }

  go(position) {
    this.wanted = position; // a hidden tab has no size yet
    this.maps[0].jumpTo(position);
  }

  // Return the part on the screen: west, south, east, north on the map, else first row and column, last row and column.
  corners() {
    const seen = this.maps[0].getBounds();
    if (this.plane === "earth") return [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()];
    const upper = this.pixel(seen.getNorthWest()), lower = this.pixel(seen.getSouthEast());
    return [upper.row, upper.col, lower.row, lower.col];
  }

  // Show how long a bar on the screen is on the ground.
  measure() {
    const zoom = this.maps[0].getZoom();
    const latitude = (this.maps[0].getCenter().lat * Math.PI) / HALF_TURN;
    const metres = this.plane === "earth"
      ? (EQUATOR_M * Math.cos(latitude)) / (512 * 2 ** zoom)
      : (this.view.gsd_m / this.view.scale) * 2 ** (this.view.pixel_zoom - 1 - zoom);
    const bar = this.element.querySelector(".sr-scale");
    bar.hidden = !metres;
    if (!metres) return;
    const power = 10 ** Math.floor(Math.log10(LONGEST_BAR_PX * metres));
    const length = [5, 2, 1].map(digit => digit * power).find(each => each <= LONGEST_BAR_PX * metres);
    bar.querySelector("i").style.width = `${length / metres}px`;
    bar.querySelector("span").textContent = length >= 1000 ? `${length / 1000} km` : `${length} m`;
  }

  follow(index) {
    if (this.following) return;
    this.following = true;
    const [from, to] = [this.maps[index], this.maps[1 - index]];
    to.jumpTo({center: from.getCenter(), zoom: from.getZoom()});
    this.following = false;
    this.measure();
  }

  // Coordinates

  place(row, col) {
    const y = Math.PI * (1 - 2 * (0.5 + row / this.world));
    return [(col / this.world) * 2 * HALF_TURN, (Math.atan(Math.sinh(y)) * HALF_TURN) / Math.PI];
  }

  bounds() {
    if (this.plane === "earth") return this.view.earth.bounds;
    const [west, north] = this.place(0, 0);
    const [east, south] = this.place(this.view.height, this.view.width);
    return [west, south, east, north];
  }

  pick(lngLat) {
    if (this.plane === "earth") return this.onPick({lon: lngLat.lng, lat: lngLat.lat});
    return this.onPick(this.pixel(lngLat));
  }

  // Return row and column of a place on the plane "pixels".
  pixel(lngLat) {
    const sine = Math.sin((lngLat.lat * Math.PI) / HALF_TURN);
    const row = -(Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * this.world;
    return {row: row, col: (lngLat.lng / (2 * HALF_TURN)) * this.world};
  }

  mark(values) {
    const at = this.plane === "earth" ? [values.lon, values.lat] : this.place(values.row + 0.5, values.col + 0.5);
    this.markers?.forEach(marker => marker.remove());
    this.markers = this.maps.map(map => {
      const element = document.createElement("div");
      element.className = "sr-cross";
      return new maplibregl.Marker({element}).setLngLat(at).addTo(map);
    });
    this.markers.forEach(marker => marker.getElement().removeAttribute("role"));
    this.markers.forEach(marker => marker.getElement().removeAttribute("aria-label"));
  }

  // Layers

  show(plane, left, right, query, base) {
    const moved = plane !== this.plane;
    this.plane = plane;
    this.sides = [left, right];
    this.query = query;
    this.base = base;
    if (moved) {
      this.markers?.forEach(marker => marker.remove());
      this.fit();
    }
    this.measure();
    this.maps.filter(map => map.isReady).forEach(map => this.draw(map)); // the others draw on "load"
  }

  draw(map) {
    const layer = this.sides[this.maps.indexOf(map)];
    if (!layer) return;
    const again = map.again ? `&again=${map.again}` : "";
    const tiles = `${this.address}/tiles/${this.plane}/${layer}/{z}/{x}/{y}.webp?${this.query}${again}`;
    const style = structuredClone(EMPTY);
    if (this.base && this.plane === "earth") {
      style.sources.base = {
        type: "raster", tiles: [this.base], tileSize: 256, maxzoom: 19,
      };
      style.layers.push({id: "base", type: "raster", source: "base"});
    }
    style.sources.image = {
      type: "raster",
      tiles: [tiles],
      tileSize: 256 / this.finer(),
      bounds: this.bounds(),
      maxzoom: this.plane === "earth" ? this.view.earth.zoom : this.view.pixel_zoom,
    };
    style.layers.push({
      id: "image",
      type: "raster",
      source: "image",
      paint: {"raster-fade-duration": 0, "raster-opacity": this.opacity, "raster-resampling": "nearest"},
    });
    map.setStyle(style, {diff: true});
    this.sharpen(map);
  }

  // Return how much finer the tiles must be on a screen that has several pixels for one CSS pixel.
  finer() {
    return 2 ** Math.ceil(Math.log2(Math.max(1, devicePixelRatio)));
  }

  // Return the zoom at which one SR pixel is one pixel of the screen.
  wholeZoom() {
    const whole = this.plane === "earth" ? this.view.earth.one_to_one : this.view.pixel_zoom - 1;
    return whole - Math.log2(devicePixelRatio);
  }

  // Show sharp pixels if they are larger than those of the screen. Smaller ones would flicker.
  sharpen(map) {
    const near = map.getZoom() >= this.wholeZoom() - 0.01;
    if (map.getLayer("image")) map.setPaintProperty("image", "raster-resampling", near ? "nearest" : "linear");
  }

  fade(opacity) {
    this.opacity = opacity;
    this.maps.forEach(map => map.getLayer("image") && map.setPaintProperty("image", "raster-opacity", opacity));
  }

  fit() {
    const [west, south, east, north] = this.bounds();
    this.maps[0].setMinZoom(0);
    this.maps[0].fitBounds([[west, south], [east, north]], {padding: 0, animate: false});
  }

  // Show each SR pixel as one pixel of the screen, without resampling.
  oneToOne() {
    this.maps[0].jumpTo({zoom: this.wholeZoom()});
  }

  whenDrawn() {
    return Promise.all(this.maps.map(map => new Promise(done => map.once("idle", done))));
  }

  // Return the comparison on the screen as a PNG; the line is at `share` of its width.
  async picture(share) {
    await Promise.all(this.maps.map(map => map.loaded() || map.once("idle"))); // else parts could be empty
    const [left, right] = this.maps.map(map => map.getCanvas());
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [left.width, left.height];
    const pen = canvas.getContext("2d");
    const x = Math.round(share * canvas.width);
    pen.drawImage(left, 0, 0);
    pen.clearRect(x, 0, canvas.width - x, canvas.height);
    pen.drawImage(right, x, 0, canvas.width - x, canvas.height, x, 0, canvas.width - x, canvas.height);
    pen.fillStyle = "#fff";
    pen.fillRect(x - 1, 0, 2, canvas.height);
    return new Promise(done => canvas.toBlob(done, "image/png"));
  }

  remove() {
    this.observer.disconnect();
    this.maps.forEach(map => map.remove());
  }
}
