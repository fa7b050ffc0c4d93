// What concerns the whole page: light and dark, and the buttons that start jobs.

const STARTS = "#start, #start-tile, #start-revisits, #start-place";
const ANSWER_MS = 15000;

// A double click starts one job.
document.addEventListener("click", event => {
  if (event.detail > 1 && event.target.closest(STARTS)) {
    event.stopImmediatePropagation();
    event.preventDefault();
  }
}, true);

// The answer to a start may be out of sight: on a phone it is above the button.
document.addEventListener("click", event => {
  const results = event.target.closest(STARTS)?.closest("[role=tabpanel]")?.querySelector(".sr-result");
  if (!results) return;
  const seen = new MutationObserver(() => {
    const alert = results.querySelector(".sr-error");
    if (!alert) return;
    seen.disconnect();
    const {top, bottom} = alert.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) alert.scrollIntoView({behavior: "smooth", block: "start"});
  });
  seen.observe(results, {childList: true, subtree: true});
  setTimeout(() => seen.disconnect(), ANSWER_MS);
});

// A visitor who chose a file does not want the sample, also if the file is refused.
const leaveSample = event => {
  const sample = event.target.closest?.("#file, #views")?.closest("[role=tabpanel]")?.querySelector(".sr-sample input");
  if (sample?.checked) sample.click();
};
document.addEventListener("change", event => event.target.type === "file" && leaveSample(event), true);
document.addEventListener("drop", leaveSample, true);

const dark = () => document.body.classList.contains("dark");

document.addEventListener("click", event => {
  if (!event.target.closest("#sr-light")) return;
  document.body.classList.toggle("dark");
  try {
    localStorage.setItem("sr-dark", dark() ? "1" : "0");
  } catch {
    // the browser stores nothing: the choice ends with the page
  }
});

try {
  const kept = localStorage.getItem("sr-dark");
  if (kept !== null) document.body.classList.toggle("dark", kept === "1");
} catch {
  // the browser stores nothing
}
