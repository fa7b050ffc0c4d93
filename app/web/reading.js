// How images were read: what `rs-srgan inspect` says about them, with its warnings in the open.

const DIGITS = 4;
const LEAST = 0.001; // smaller shares are not shown as 0

const make = (name, facts = {}, ...children) => {
  const element = Object.assign(document.createElement(name), facts);
  element.append(...children);
  return element;
};
const known = value => (value === null ? "–" : value.toFixed(DIGITS));
const percent = share => (share > 0 && share < LEAST ? "< 0.1 %" : `${+(100 * share).toFixed(1)} %`);

// each part is a text of its own, which has a translation.
const parts = texts => texts.filter(Boolean).flatMap((text, index) => [...(index ? [", "] : []), make("span", {textContent: text})]);

function place(read) {
  if (!read.footprint) return ["not georeferenced"];
  const [west, south, east, north] = read.footprint.map(value => value.toFixed(4));
  return [`${west} ${south} ${east} ${north}`, read.crs];
}

function facts(read) {
  const size = `${read.width} x ${read.height} px`;
  const pixel = read.pixel_size && `${+read.pixel_size[0].toPrecision(6)} x ${+read.pixel_size[1].toPrecision(6)} ${read.unit}`.trim();
  const rows = {
    "Bands": [read.bands.map(band => band.name).join(", "), read.named],
    "Values": [read.data_type, read.reflectance],
    "No data": read.nodata.split(/, (?=NaN|by )/),
    "Size": [pixel ? `${size} of ${pixel}` : size],
    "West, south, east, north": place(read),
    "Date": [read.date ?? "unknown"],
    "Format": [read.kind],
  };
  return make("dl", {className: "sr-facts"}, ...Object.entries(rows).map(([name, texts]) =>
    make("div", {}, make("dt", {textContent: name}), make("dd", {}, ...parts(texts)))));
}

function table(read) {
  const what = read.display ? "Values" : "Reflectance";
  const share = read.sampled === 1 ? "all pixels" : `${percent(read.sampled)} of the pixels`;
  const caption = make("caption", {textContent: `${what} of ${share}`});
  const header = (text, scope) => make("th", {scope, textContent: text});
  const names = ["Band", "Minimum", "1 %", "Median", "99 %", "Maximum", "No data"];
  const rows = read.bands.map(band =>
    make("tr", {}, header(band.name, "row"),
      ...[band.minimum, band.low, band.median, band.high, band.maximum].map(value => make("td", {textContent: known(value)})),
      make("td", {textContent: percent(1 - band.valid)})));
  const all = make("table", {className: "sr-values"}, caption, make("thead", {}, make("tr", {}, ...names.map(name => header(name, "col")))), make("tbody", {}, ...rows));
  const scroll = make("div", {className: "sr-scroll", tabIndex: 0}, all);
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", "Values of the bands");
  return scroll;
}

// Return what to show of the images of a result, the first of which is in the viewer: warnings, also one about its
// sampling or null, and facts behind a click.
export function reading(images, sampling) {
  const warnings = [...images.flatMap(read => read.warnings), ...(sampling ? [sampling] : [])];
  const list = make("ul", {className: "sr-warnings", tabIndex: 0}, ...warnings.map(text => make("li", {textContent: text})));
  list.setAttribute("aria-label", "What may be wrong");
  const [first, ...others] = images;
  const details = make("details", {className: "sr-read"}, make("summary", {textContent: "How the image was read"}), facts(first), table(first));
  for (const read of others) {
    details.append(make("details", {className: "sr-read"}, make("summary", {textContent: read.name}), facts(read), table(read)));
  }
  return warnings.length ? [list, details] : [details];
}
