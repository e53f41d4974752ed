// A picture in a page: it can be zoomed and filtered, and its boxes open below it. What it says is text from the picture.
function pictureTools(host) {
  const svg = host.querySelector("svg");
  const make = (tag, props, ...children) => {
    const el = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
      if (name === "onclick" || name === "oninput") el.addEventListener(name.slice(2), value);
      else el.setAttribute(name, value);
    }
    el.append(...children);
    return el;
  };
  const natural = Number(svg.getAttribute("width"));
  let zoom = 0; // none: as wide as there is room
  const region = make("div", { class: "picture", tabindex: "0", role: "region", "aria-label": "Picture" });
  const opened = make("div", { class: "opened", "aria-live": "polite" });
  const show = () => {
    svg.style.maxWidth = zoom ? "none" : "100%";
    svg.style.width = zoom ? natural * zoom + "px" : "";
    svg.style.height = "auto";
  };
  const by = (factor) => {
    zoom = factor ? Math.min(4, Math.max(0.25, (zoom || svg.getBoundingClientRect().width / natural) * factor)) : 0;
    show();
  };
  const button = (text, label, act) => make("button", { type: "button", "aria-label": label, onclick: act }, text);
  const tools = make("div", { class: "picture-tools" }, button("−", "Smaller", () => by(1 / 1.25)), button("+", "Larger", () => by(1.25)), button("Fit", "Fit the width", () => by(0)));
  svg.setAttribute("role", "group");
  const boxes = [...svg.querySelectorAll('g[id^="clan-"]')];
  const title = (g) => g.querySelector(":scope > title").textContent;
  const toggle = (g) => {
    const open = g.getAttribute("aria-expanded") !== "true";
    for (const other of boxes) other.setAttribute("aria-expanded", "false");
    opened.replaceChildren();
    if (!open) return;
    g.setAttribute("aria-expanded", "true");
    const lines = [...g.querySelectorAll(":scope > text")].map((t) => t.textContent);
    opened.append(make("h2", {}, lines[0]), make("p", {}, title(g)), ...[...g.querySelectorAll("g > title")].map((t) => make("p", {}, t.textContent)),
      button("Close", "Close", () => { toggle(g); g.focus(); }));
  };
  for (const g of boxes) {
    g.setAttribute("tabindex", "0");
    g.setAttribute("role", "button");
    g.setAttribute("aria-expanded", "false");
    g.addEventListener("click", () => toggle(g));
    g.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" && e.key !== " ") return;
      e.preventDefault();
      toggle(g);
    });
  }
  region.append(svg);
  host.replaceChildren(tools, region, opened);
  show();
  // filter lets fade what does not fit; of a box that fits, what it is linked to stays.
  const filter = (fits) => {
    const hit = new Set(fits ? boxes.filter(fits).map((g) => g.id.slice(5)) : []);
    const near = new Set(hit);
    for (const line of svg.querySelectorAll(".line")) {
      const ends = [...line.classList].filter((c) => /^[gs]\d+$/.test(c));
      const on = !fits || ends.some((end) => hit.has(end));
      line.classList.toggle("faded", !on);
      if (on) ends.forEach((end) => near.add(end));
    }
    for (const g of boxes) g.classList.toggle("faded", !!fits && !near.has(g.id.slice(5)));
    return hit.size;
  };
  const text = (g) => g.textContent.toLowerCase();
  return { tools, filter, words: (q) => filter(q.trim() ? (g) => q.toLowerCase().split(/\s+/).filter(Boolean).every((w) => text(g).includes(w)) : null), make };
}
