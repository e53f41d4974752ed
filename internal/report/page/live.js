// A page that is written anew while somebody has it open says so. From file:// nothing may be fetched, but a page may show
// itself in a frame: the one in the frame tells what it is, and no more than that.
const follows = fingerprint.dataset.follow !== undefined;
const liveEvery = follows ? 1000 : 5000;

let probe = null;

function watchOwnFile() {
  if (fingerprint.dataset.live === undefined) return;
  addEventListener("message", (e) => {
    if (!probe || e.source !== probe.contentWindow || typeof e.data !== "string") return;
    probe.remove();
    probe = null;
    if (e.data === fingerprint.content) return;
    if (follows && !document.activeElement.matches("input, select")) showNew();
    else offerReload();
  });
  setInterval(() => { if (!document.hidden) lookNow(); }, liveEvery);
}

function lookNow() {
  if (byId("changed") && !follows) return;
  if (probe) probe.remove();
  probe = h("iframe", { sandbox: "allow-scripts", hidden: true, title: "looks for changes", tabindex: -1 });
  probe.src = location.href.split("#")[0] + "#probe";
  document.body.append(probe);
}

// showNew shows the new page where people are in this one: the address says what they chose.
function showNew() {
  history.replaceState({ ...history.state, scroll: scrollY }, "");
  location.reload();
}

function offerReload() {
  if (byId("changed")) return;
  const button = h("button", { type: "button", onclick: showNew }, "Show it");
  document.body.prepend(h("div", { class: "changed", id: "changed", role: "status" }, "The clan has changed. ", button));
}
