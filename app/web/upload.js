// How far an upload is: bytes and time left below the field, and what to do if the connection breaks.
//
// Gradio sends files with fetch, which tells no progress. So its uploads, and nothing else, are sent by XMLHttpRequest.

const FIELDS = "#file, #product, #views";
const MEGA = 1e6;
const TOLD_AFTER_MS = 1500; // small files need no words

const duration = seconds => (seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`);
const megabytes = bytes => `${(bytes / MEGA).toFixed(bytes < 10 * MEGA ? 1 : 0)}`;

// Return the line below the field of the open tab, or null on a page without one.
function line() {
  const field = [...document.querySelectorAll(FIELDS)].find(each => each.checkVisibility());
  if (!field) return null;
  let found = field.parentElement.querySelector(".sr-sending");
  if (!found) {
    found = Object.assign(document.createElement("p"), {className: "sr-sending sr-hint"});
    found.setAttribute("role", "status");
    field.after(found);
  }
  return found;
}

function send(address, options) {
  const said = line();
  const say = text => said && (said.textContent = text);
  const began = performance.now();
  let sent = 0, total = 0;
  say("");
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.withCredentials = options.credentials === "include";
    new Headers(options.headers).forEach((value, name) => request.setRequestHeader(name, value));
    request.upload.addEventListener("progress", event => {
      [sent, total] = [event.loaded, event.total];
      const seconds = (performance.now() - began) / 1000;
      if (1000 * seconds < TOLD_AFTER_MS || !sent) return;
      const left = ((total - sent) / sent) * seconds;
      say(sent < total ? `${megabytes(sent)} of ${megabytes(total)} MB sent, about ${duration(left)} left.` : "The server reads the file.");
    });
    request.addEventListener("load", () => {
      say("");
      resolve(new Response(request.response, {status: request.status, statusText: request.statusText}));
    });
    const lost = () => {
      say(`The connection broke at ${megabytes(sent)} of ${megabytes(total)} MB. The server keeps no parts of files: upload it again.`);
      said?.classList.add("sr-error");
      reject(new TypeError("The upload failed."));
    };
    said?.classList.remove("sr-error");
    request.addEventListener("error", lost);
    request.addEventListener("abort", lost);
    request.send(options.body);
  });
}

const plain = window.fetch;
window.fetch = (address, options) =>
  options?.body instanceof FormData && String(address).includes("/gradio_api/upload") ? send(address, options) : plain(address, options);
