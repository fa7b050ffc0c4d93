// <sr-quicklook data-id>: the quicklook of a product, on which visitors draw an area. The text field named by data-field
// shows the area; an area that is typed there is outlined.

const FEW_PX = 4;
const LONGEST_AREA = 1000; // characters that an address can hold

// Return west, south, east, north of a GeoJSON text, or an empty array if the text is not valid.
function extent(text) {
  const places = [];
  const look = value => {
    if (!value || typeof value !== "object") return;
    if (Array.isArray(value) && value.length >= 2 && value.every(Number.isFinite)) places.push(value);
    else Object.values(value).forEach(look);
  };
  try {
    look(JSON.parse(text));
  } catch {
    return [];
  }
  const [lons, lats] = [places.map(place => place[0]), places.map(place => place[1])];
  return places.length ? [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)] : [];
}

class Quicklook extends HTMLElement {
  static observedAttributes = ["data-id"];

  // Gradio reuses elements: it changes their attributes and removes their children. Then begin again.
  attributeChangedCallback() {
    if (this.isConnected) queueMicrotask(() => this.begin());
  }

  connectedCallback() {
    if (this.begun !== this.dataset.id) this.begin();
  }

  begin() {
    this.begun = this.dataset.id;
    document.removeEventListener("input", this.typed);
    this.address = new URL(`products/${this.dataset.id}`, document.baseURI).href;
    this.innerHTML = `<div class="sr-look"><img alt="Quicklook of the product in true colour" draggable="false"><div class="sr-area" hidden></div></div><p class="sr-gone sr-error" role="alert" hidden></p>`;
    this.image = this.querySelector("img");
    this.image.src = `${this.address}/quicklook.webp`;
    this.box = this.querySelector(".sr-area");
    const look = this.querySelector(".sr-look");
    look.addEventListener("pointerdown", event => {
      look.setPointerCapture(event.pointerId);
      this.from = this.share(event);
      event.preventDefault();
    });
    look.addEventListener("pointermove", event => this.from && this.outline(this.from, this.share(event)));
    look.addEventListener("pointerup", event => this.drawn(event));
    look.addEventListener("pointercancel", () => (this.from = null));
    this.typed = event => {
      if (!event.target.closest(`#${this.dataset.field}`)) return;
      this.locate(event.target.value);
      this.remember(event.target.value);
    };
    document.addEventListener("input", this.typed);
    this.locate(this.dataset.area);
    this.remember(this.dataset.area);
  }

  // Keep the product and the area in the address of the page, so that a reload finds them again.
  remember(area) {
    const here = new URL(location.href);
    here.searchParams.set("product", this.dataset.id);
    if (area && area.length <= LONGEST_AREA) here.searchParams.set("area", area);
    else here.searchParams.delete("area");
    history.replaceState(history.state, "", here);
  }

  disconnectedCallback() {
    document.removeEventListener("input", this.typed);
  }

  // Outline an area that was typed.
  async locate(area) {
    const numbers = area.trim().startsWith("{") ? extent(area) : area.trim().split(/[\s,]+/).map(Number);
    if (numbers.length !== 4 || !numbers.every(Number.isFinite)) return (this.box.hidden = true);
    const [west, south, east, north] = numbers;
    const answer = await fetch(`${this.address}/outline?${new URLSearchParams({west, south, east, north})}`);
    if (!answer.ok) return (this.box.hidden = true);
    const [left, top, right, bottom] = (await answer.json()).shares;
    this.outline([left, top], [right, bottom]);
  }

  share(event) {
    const frame = this.image.getBoundingClientRect();
    const within = value => Math.min(1, Math.max(0, value));
    return [within((event.clientX - frame.left) / frame.width), within((event.clientY - frame.top) / frame.height)];
  }

  outline([x0, y0], [x1, y1]) {
    const per_cent = value => `${100 * value}%`;
    Object.assign(this.box.style, {
      left: per_cent(Math.min(x0, x1)), top: per_cent(Math.min(y0, y1)),
      width: per_cent(Math.abs(x1 - x0)), height: per_cent(Math.abs(y1 - y0)),
    });
    this.box.hidden = false;
  }

  async drawn(event) {
    if (!this.from) return;
    const [from, to] = [this.from, this.share(event)];
    this.from = null;
    const frame = this.image.getBoundingClientRect();
    if (Math.abs(to[0] - from[0]) * frame.width < FEW_PX || Math.abs(to[1] - from[1]) * frame.height < FEW_PX) return;
    const sides = {
      left: Math.min(from[0], to[0]), right: Math.max(from[0], to[0]),
      top: Math.min(from[1], to[1]), bottom: Math.max(from[1], to[1]),
    };
    const answer = await fetch(`${this.address}/area?${new URLSearchParams(sides)}`).catch(() => null);
    const note = this.querySelector(".sr-gone");
    note.hidden = answer?.ok ?? false;
    if (!answer?.ok) return (note.textContent = answer ? (await answer.json()).detail : "The server does not answer.");
    const field = document.querySelector(`#${this.dataset.field} textarea, #${this.dataset.field} input`);
    field.value = (await answer.json()).bbox.join(" ");
    field.dispatchEvent(new Event("input", {bubbles: true}));
    field.dispatchEvent(new Event("change", {bubbles: true}));
  }
}

customElements.define("sr-quicklook", Quicklook);
