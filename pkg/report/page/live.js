// A page that is written anew while somebody has it open says so. From file:// nothing may be fetched, but a page may show
// itself in a frame: the one in the frame tells what it is, and no more than that.
const liveEvery = 5000;

function watchOwnFile() {
  if (fingerprint.dataset.live === undefined) return;
  let frame = null;
  addEventListener("message", (e) => {
    if (!frame || e.source !== frame.contentWindow || typeof e.data !== "string") return;
    frame.remove();
    frame = null;
    if (e.data !== fingerprint.content) offerReload();
  });
  setInterval(() => {
    if (document.hidden || byId("changed")) return;
    if (frame) frame.remove();
    frame = h("iframe", { sandbox: "allow-scripts", hidden: true, title: "looks for changes", tabindex: -1 });
    frame.src = location.href.split("#")[0] + "#probe";
    document.put(body, frame);
  }, liveEvery);
}

function offerReload() {
  const button = h("button", { type: "button", onclick: () => location.reload() }, "Show it");
  document.body.prepend(h("div", { class: "changed", id: "changed", role: "status" }, "The clan has changed. ", button));
}
