// What the page as a whole does.

const dark = () => document.body.classList.contains("dark");

document.addEventListener("click", event => {
  if (!event.target.closest("#sr-light")) return;
  document.body.classList.toggle("dark");
  try {
    localStorage.setItem("sr-dark", dark() ? "1" : "0");
  } catch {
    // a browser that keeps nothing: then until the page is left
  }
});

try {
  const kept = localStorage.getItem("sr-dark");
  if (kept !== null) document.body.classList.toggle("dark", kept === "1");
} catch {
  // see above
}
