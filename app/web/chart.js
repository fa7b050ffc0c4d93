// The spectrum of one pixel, as a chart and as a table.

const WIDTH = 420, HEIGHT = 190, LEFT = 50, BOTTOM = 30, TOP = 12, RIGHT = 12;
const LINES = [
  ["input", "sr-line-input"], ["bicubic", "sr-line-bicubic"], ["sr", "sr-line-sr"], ["other", "sr-line-other"],
];

const element = (name, attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.textContent = text;
  return made;
};

const rounded = value => (value === null || value === undefined ? "–" : value.toFixed(4));

export function chart(values, bands, names, quantity) {
  const order = bands.map((band, index) => ({...band, index})).filter(band => band.wavelength_nm);
  order.sort((one, other) => one.wavelength_nm - other.wavelength_nm);
  const svg = element("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "sr-chart"});
  svg.append(element("title", {}, `${quantity} of this pixel by wavelength`));
  if (order.length < 2) return svg;
  const shown = LINES.filter(([layer]) => values.layers[layer]);
  const doubt = values.layers.uncertainty;
  const all = shown.flatMap(([layer]) => values.layers[layer]).filter(value => value !== null);
  const top = Math.max(0.05, ...all.map((value, index) => value + 0.02));
  const low = Math.min(0, ...all);
  const [first, last] = [order[0].wavelength_nm - 20, order.at(-1).wavelength_nm + 20];
  const x = nm => LEFT + ((nm - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = value => HEIGHT - BOTTOM - ((value - low) / (top - low)) * (HEIGHT - BOTTOM - TOP);
  for (const share of [0, 0.5, 1]) {
    const value = low + share * (top - low);
    svg.append(element("line", {x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: "sr-grid"}));
    svg.append(element("text", {x: LEFT - 6, y: y(value) + 4, "text-anchor": "end"}, value.toFixed(2)));
  }
  for (const band of order) {
    svg.append(element("text", {x: x(band.wavelength_nm), y: HEIGHT - 12, "text-anchor": "middle"}, band.name));
  }
  if (doubt) {
    for (const band of order) {
      const [value, half] = [values.layers.sr[band.index], doubt[band.index]];
      if (value === null || half === null) continue;
      const at = x(band.wavelength_nm);
      svg.append(element("line", {x1: at, x2: at, y1: y(value - half), y2: y(value + half), class: "sr-whisker"}));
    }
  }
  for (const [layer, style] of shown) {
    const points = order.filter(band => values.layers[layer][band.index] !== null);
    const path = points.map(band => `${x(band.wavelength_nm)},${y(values.layers[layer][band.index])}`).join(" ");
    svg.append(element("polyline", {points: path, class: style, fill: "none"}));
    for (const band of points) {
      const dot = element("circle", {cx: x(band.wavelength_nm), cy: y(values.layers[layer][band.index]), r: 3, class: style});
      dot.append(element("title", {}, `${names[layer]}, ${band.name}: ${rounded(values.layers[layer][band.index])}`));
      svg.append(dot);
    }
  }
  return svg;
}

export function table(values, bands, names, quantity) {
  const made = document.createElement("table");
  made.className = "sr-values";
  const line = (cells, tag) => {
    const row = made.insertRow();
    cells.forEach((cell, index) => {
      const box = document.createElement(index === 0 || tag === "th" ? "th" : "td");
      box.scope = tag === "th" ? "col" : index === 0 ? "row" : "";
      if (!box.scope) box.removeAttribute("scope");
      box.textContent = cell;
      row.append(box);
    });
    return row;
  };
  line([quantity, ...bands.map(band => band.name)], "th");
  for (const [layer, name] of Object.entries(names)) {
    if (!values.layers[layer]) continue;
    const sign = layer === "uncertainty" ? "± " : "";
    const row = line([name, ...values.layers[layer].map(value => sign + rounded(value))]);
    row.dataset.layer = layer;
  }
  line(["DN in the GeoTIFF", ...values.dn.map(value => (value === null ? "–" : String(value)))]).dataset.layer = "dn";
  return made;
}
