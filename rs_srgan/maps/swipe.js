// The line between two layers of a map that leafmap described. Each layer is drawn on its side of the line only: custom
// layers before and after it set the part of the canvas that may be painted.
(() => {
  const facts = JSON.parse(document.getElementById("sr-facts").textContent);
  const IN_PAGE = "sr-tile:", BESIDE_PAGE = "sr-page:";
  const NOTHING = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
  const line = document.getElementById("sr-line");
  const opacity = document.querySelector("#sr-opacity input");
  let map, share = 0.5;

  document.getElementById("sr-left").textContent = facts.left;
  document.getElementById("sr-right").textContent = facts.right;
  opacity.value = facts.opacity;

  const swipe = to => {
    share = Math.min(1, Math.max(0, to));
    line.style.left = `${100 * share}%`;
    line.setAttribute("aria-valuenow", Math.round(100 * share));
    map?.triggerRepaint();
  };
  line.addEventListener("pointerdown", event => {
    line.setPointerCapture(event.pointerId);
    event.preventDefault();
    line.focus();
  });
  line.addEventListener("pointermove", event => {
    if (line.hasPointerCapture(event.pointerId)) swipe(event.clientX / innerWidth);
  });
  line.addEventListener("keydown", event => {
    const step = {ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1}[event.key];
    const to = {Home: 0, End: 1}[event.key];
    if (step === undefined && to === undefined) return;
    event.preventDefault();
    swipe(to ?? share + step);
  });
  opacity.addEventListener("input", () => {
    for (const layer of [facts.left, facts.right]) map?.setPaintProperty(layer, "raster-opacity", Number(opacity.value));
  });

  // A layer that draws nothing: it limits what the next layers may paint to columns of the canvas.
  const fence = (id, columns) => ({
    id, type: "custom", renderingMode: "2d",
    onAdd(added) {
      map = added;
      window.srMap = added; // for whoever extends the page
      map.once("idle", () => (document.documentElement.dataset.state = "drawn"));
    },
    render(gl) {
      if (!columns) return gl.disable(gl.SCISSOR_TEST);
      const [from, to] = columns(Math.round(share * gl.drawingBufferWidth), gl.drawingBufferWidth);
      gl.enable(gl.SCISSOR_TEST);
      gl.scissor(from, 0, to - from, gl.drawingBufferHeight);
    },
  });
  const add = layer => ["addLayer", [layer, null]];
  const calls = facts.map.calls.flatMap(call => {
    const id = call[0] === "addLayer" ? call[1][0].id : null;
    if (id === facts.left) return [add(fence("sr-left", middle => [0, middle])), call, add(fence("sr-between"))];
    if (id === facts.right) return [add(fence("sr-right", (middle, width) => [middle, width])), call, add(fence("sr-end"))];
    return [call];
  });

  // Tiles are in this page, beside it, or at their own address.
  const transformRequest = url => {
    if (url.startsWith(IN_PAGE)) {
      const tile = facts.tiles[url.slice(IN_PAGE.length)];
      return {url: tile ? `data:image/webp;base64,${tile}` : NOTHING};
    }
    return {url: url.startsWith(BESIDE_PAGE) ? new URL(url.slice(BESIDE_PAGE.length), document.baseURI).href : url};
  };

  try {
    const options = {...facts.map.mapOptions, transformRequest, renderWorldCopies: false, dragRotate: false, fadeDuration: 0};
    pymaplibregl({mapOptions: options, calls});
  } catch {
    document.getElementById("sr-none").hidden = false;
  }
  swipe(0.5);
})();
