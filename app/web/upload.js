// How far an upload is: bytes and time left below the field, and what happens if the connection breaks.
//
// Gradio sends files with fetch, which tells no progress. So its uploads, and nothing else, are sent by XMLHttpRequest.
// Large files are sent in parts, and go on where they stopped: after a break, and if the same file is chosen again later.
// A file that the server still has is not sent again.

const FIELDS = "#file, #product, #views";
const MEGA = 1e6;
const TOLD_AFTER_MS = 1500; // small files need no words
const LARGE_BYTES = 8 * MEGA;
const PART_BYTES = 8 * MEGA;
const FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 15000;
const PATIENCE_MS = 30 * 60 * 1000; // without a single byte
const KEY = "sr-upload", END_BYTES = 65536;

const duration = seconds => (seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`);
const megabytes = bytes => `${(bytes / MEGA).toFixed(bytes < 10 * MEGA ? 1 : 0)}`;

// Return a function that writes a line below the field of the open tab; there is none on a page without one.
function speaker() {
  const field = [...document.querySelectorAll(FIELDS)].find(each => each.checkVisibility());
  if (!field) return () => {};
  let found = field.parentElement.querySelector(".sr-sending");
  if (!found) {
    found = Object.assign(document.createElement("p"), {className: "sr-sending sr-hint"});
    found.setAttribute("role", "status");
    field.after(found);
  }
  return (text, wrong = false) => {
    found.textContent = text;
    found.classList.toggle("sr-error", wrong);
  };
}

// Return a function that tells how many bytes of how many were sent.
function teller(say) {
  const began = performance.now();
  let first = null; // what an earlier attempt had sent
  return (sent, total) => {
    first ??= sent;
    const seconds = (performance.now() - began) / 1000;
    if (1000 * seconds < TOLD_AFTER_MS || sent <= first) return;
    const left = ((total - sent) / (sent - first)) * seconds;
    say(sent < total ? `${megabytes(sent)} of ${megabytes(total)} MB sent, about ${duration(left)} left.` : "The server reads the file.");
  };
}

// Send a request; return its answer. The promise is rejected if the connection breaks.
function ask(method, address, body, options, tell = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.withCredentials = options.credentials === "include";
    new Headers(options.headers).forEach((value, name) => request.setRequestHeader(name, value));
    request.upload.addEventListener("progress", event => tell(event.loaded, event.total));
    request.addEventListener("load", () => resolve(new Response(request.response, {status: request.status, statusText: request.statusText})));
    for (const kind of ["error", "abort", "timeout"]) request.addEventListener(kind, () => reject(new TypeError("The upload failed.")));
    options.signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

async function whole(address, options) {
  const say = speaker(), tell = teller(say);
  let sent = 0, total = 0;
  say("");
  try {
    const answer = await ask("POST", address, options.body, options, (loaded, all) => {
      [sent, total] = [loaded, all];
      tell(loaded, all);
    });
    say("");
    return answer;
  } catch (error) {
    say(`The connection broke at ${megabytes(sent)} of ${megabytes(total)} MB. The server keeps no parts of small files: upload it again.`, true);
    throw error;
  }
}

// Return what tells a file apart: name, size, and a sum of its two ends (FNV-1a). Gradio drops the date of the file.
async function keyOf(file) {
  let sum = 2166136261;
  for (const end of [file.slice(0, END_BYTES), file.slice(-END_BYTES)]) {
    for (const byte of new Uint8Array(await end.arrayBuffer())) sum = Math.imul(sum ^ byte, 16777619);
  }
  return `${KEY} ${file.name} ${file.size} ${sum >>> 0}`;
}

// The ids of uploads by their files, also of finished ones. Without storage, a reload forgets them.
const earlier = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, id) {
    try {
      id ? localStorage.setItem(key, id) : localStorage.removeItem(key);
    } catch {
      // the browser stores nothing
    }
  },
};

const here = path => new URL(path, document.baseURI).href;

// Return the state of an upload: that of an earlier attempt with this file, or a new one.
async function begin(file, key) {
  const id = earlier.get(key);
  if (id) {
    const answer = await fetch(here(`uploads/${id}`));
    if (answer.ok) return answer.json();
    earlier.set(key, null);
  }
  const answer = await fetch(here(`uploads?${new URLSearchParams({name: file.name, size: file.size})}`), {method: "POST"});
  const told = await answer.json();
  if (!answer.ok) throw new RangeError(told.detail);
  earlier.set(key, told.id);
  return told;
}

// Wait until the network is back, or some time.
const pause = ms => new Promise(done => {
  const timer = setTimeout(done, ms);
  addEventListener("online", () => (clearTimeout(timer), done()), {once: true});
});

// Send a file in parts; return its path on the server. `tell` is called with the bytes that were sent.
async function inParts(file, options, say, tell) {
  const key = await keyOf(file);
  let told = null, wait = FIRST_WAIT_MS, sent = 0, moved = performance.now();
  while (!told?.path) {
    if (options.signal?.aborted) throw new TypeError("The upload was cancelled.");
    try {
      told = await begin(file, key);
      while (!told.path) {
        [sent, wait, moved] = [told.received, FIRST_WAIT_MS, performance.now()];
        const part = file.slice(told.received, told.received + PART_BYTES);
        const address = here(`uploads/${told.id}?offset=${told.received}`);
        const answer = await ask("PATCH", address, part, {signal: options.signal}, loaded => tell(told.received + loaded));
        const state = await answer.json();
        if (answer.status === 404) earlier.set(key, null);
        if (!answer.ok && answer.status < 500) throw new RangeError(state.detail);
        if (!answer.ok) throw new TypeError(state.detail);
        told = state;
      }
    } catch (error) {
      if (error instanceof RangeError || options.signal?.aborted || performance.now() - moved > PATIENCE_MS) throw error;
      say(`The connection broke at ${megabytes(sent)} of ${megabytes(file.size)} MB. The upload goes on from there when the connection is back.`, true);
      await pause(wait);
      [told, wait] = [null, Math.min(2 * wait, LONGEST_WAIT_MS)];
    }
  }
  return told.path; // the id stays: after a reload of the page the server may still have the file
}

async function large(files, options) {
  const say = speaker(), told = teller(say);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  const paths = [];
  say("");
  try {
    for (const file of files) {
      paths.push(await inParts(file, options, say, sent => told(before + sent, total)));
      before += file.size;
    }
  } catch (error) {
    say(error instanceof RangeError ? error.message : "The upload was given up. Choose the same file again: it goes on where it stopped.", true);
    throw new TypeError(error.message);
  }
  say("");
  return Response.json(paths);
}

const plain = window.fetch;
window.fetch = (address, options) => {
  if (!(options?.body instanceof FormData && String(address).includes("/gradio_api/upload"))) return plain(address, options);
  const files = options.body.getAll("files");
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return bytes > LARGE_BYTES ? large(files, options) : whole(address, options);
};
