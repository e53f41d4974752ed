// The page in the frame of live.js says what it is, and is done.
const fingerprint = document.querySelector("meta[name=fingerprint]");
const isProbe = location.hash === "#probe" && parent !== window;
if (isProbe) parent.postMessage(fingerprint.content, "*");

// Elements are made here and nowhere else: text becomes text, never markup, and links lead nowhere but into the page; but for
// those ("outside") whose address clanctl made from its command line, and of these to no program.
function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "outside") {
      if (!/^(?!javascript|data|vbscript|blob)[a-z][a-z0-9+.-]*:/i.test(value)) continue;
      el.setAttribute("href", value);
      el.setAttribute("rel", "noreferrer noopener");
    } else if (name === "href") el.setAttribute("href", value.startsWith("#") ? value : "#");
    else el.setAttribute(name, value === true ? "" : String(value));
  }
  put(el, ...children);
  return el;
}

// visible writes out control characters, which would be boxes or nothing at all, and those that turn text around: as \x1b and \u202e.
const visible = (text) => text.replace(/[\p{Cc}\p{Cf}]/gu, (c) => {
  const code = c.codePointAt(0).toString(16);
  if (c === "\n" || c === "\t") return c;
  return code.length > 4 ? "\\U" + code.padStart(8, "0") : code.length > 2 ? "\\u" + code.padStart(4, "0") : "\\x" + code.padStart(2, "0");
});

// put appends elements and texts, and lists of them; what is not there is passed over.
function put(el, ...children) {
  for (const child of children) {
    if (Array.isArray(child)) put(el, ...child);
    else if (child !== undefined && child !== null && child !== false) el.append(typeof child === "string" ? visible(child) : child);
  }
}

// inline are texts and code, of text that has `code` in it as Markdown does, or `code' as messages of Nix do.
function inline(text) {
  return text.split(/(?<!`)`([^`'\n]+)'(?![\w'`])|(?:\{[a-z]+\})?(?<!`)`(?!`)([^`]+)`(?!`)|``(?!`)((?:[^`]|`(?!`))+)``(?!`)/).map((part, i) => (part && i % 4 ? h("code", {}, part) : part));
}

// A table that stays one for screen readers where the screen is so narrow that its rows are cards.
function table(cls, caption, headings, body) {
  return h("table", { class: cls, role: "table" }, h("caption", { class: "hidden" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, headings.map((t) => h("th", { scope: "col", role: "columnheader" }, t)))), body);
}
const tbody = () => h("tbody", { role: "rowgroup" });
const tr = (first, ...cells) => h("tr", { role: "row" }, h("th", { scope: "row", role: "rowheader" }, first), cells);
const td = (label, ...content) => h("td", { role: "cell", "data-label": label }, content);

const byId = (id) => document.getElementById(id);
const hidden = (text) => h("span", { class: "hidden" }, text);
const count = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many || one + "s"}`;

// say tells those who listen to the page what others see.
let saying = 0;
function say(text) {
  clearTimeout(saying);
  saying = setTimeout(() => { byId("status").textContent = text; }, 250);
}

// lazy is a part that can be opened, and is made when that happens first.
function lazy(summary, make, open) {
  const box = h("details", {}, h("summary", {}, summary));
  const fill = () => {
    if (!box.dataset.filled) {
      box.dataset.filled = "1";
      put(box, make());
    }
  };
  box.addEventListener("toggle", () => { if (box.open) fill(); });
  box.fill = fill;
  if (open) {
    fill();
    box.open = true;
  }
  return box;
}

// gradually appends many things a bunch at a time, with a button for more.
function gradually(host, items, make, bunch) {
  let next = 0;
  const button = h("button", { type: "button", class: "more", onclick: () => more(true) });
  function more(asked) {
    const made = items.slice(next, next + bunch).map(make);
    next += made.length;
    put(host, ...made);
    button.textContent = `Show more (${items.length - next} left)`;
    button.hidden = next >= items.length;
    if (asked && made.length) {
      const target = made[0].querySelector("a, button, summary");
      if (target) target.focus();
    }
  }
  more(false);
  return { button, all: () => { while (next < items.length) more(false); } };
}
