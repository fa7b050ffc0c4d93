// The switch between light and dark.

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
