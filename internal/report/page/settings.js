// Settings, and where each value comes from.

const priorities = { 50: "mkForce", 1000: "mkDefault" };
// Long names break where people would, after their dots.
const dotted = (name) => name.split(/(?<=\.)/).map((part, i) => [i > 0 && h("wbr"), part]);
const priorityName = (p) => (p === undefined ? "" : priorities[p] || "mkOverride " + p);

const where = (text, plain) => {
  if (!text) return null;
  const code = h("code", { class: "place" }, text);
  return linkOf.has(text) && !plain ? h("a", { outside: linkOf.get(text), class: "to" }, code) : code;
};

function chip(name, extra) {
  const mark = roleMarks.get(name);
  return h("span", { class: "chip " + (mark ? mark.colour : "r7") + (extra ? " " + extra : "") }, name);
}

// A value as JSON, but for what JSON cannot carry.
function valueText(v, indent) {
  if (v && typeof v === "object" && !Array.isArray(v)) {
    const names = Object.keys(v);
    if (names.length === 1 && names[0] === "$function") return "a function";
    if (names.length === 1 && names[0] === "$derivation") return "the package " + v.$derivation;
    if (v._type === "override") return `${priorityName(v.priority) || "mkOverride 100"} ${valueText(v.content, indent)}`;
  }
  const short = JSON.stringify(v);
  return short.length > 60 && indent ? JSON.stringify(v, null, 2) : short;
}

const longValue = 600;
function value(v) {
  const text = valueText(v, true);
  const kind = v === null ? "null" : Array.isArray(v) ? "list" : typeof v;
  if (text.length <= longValue) return h("code", { class: "value " + kind }, text);
  return lazy(h("code", { class: "value " + kind }, text.slice(0, 120) + "…"), () => h("pre", { class: "value" }, text));
}

const layerName = (d) => (d.l === "role" ? "role" : d.l === "module" ? "module" : `${d.l} ${d.n}`);

function definition(d, withValue) {
  return h("li", { class: "from l-" + d.l + (d.x ? " overridden" : "") },
    h("span", { class: "layer" }, layerName(d)), " ",
    d.p ? where(place(d.p)) : d.l === "module" && d.n ? where(d.n) : null,
    d.r !== undefined && h("span", { class: "note" }, " " + priorityName(d.r)),
    withValue && h("code", { class: "gives" }, valueText(d.v)),
    d.x && h("span", { class: "note" }, " overridden"));
}

// The cell that tells where a value comes from.
function origin(row, option) {
  const written = row.d || [];
  const declared = option && option.p ? where(place(option.p[0])) : null;
  switch (row.f) {
    case "layers":
    case "problem":
      if (!written.length) return h("span", { class: "note" }, "no value");
      return h("ul", { class: "defs" }, written.map((d) => definition(d, written.length > 1)));
    case "default":
      return h("span", { class: "from l-default" }, h("span", { class: "layer" }, "default"), " ", declared);
    case "module":
      return h("span", { class: "from l-module" }, h("span", { class: "layer" }, "module"), h("span", { class: "note" }, " computed "), declared);
  }
  return h("span", { class: "note" }, "not known");
}

// What the module says of the option, on request.
function about(row, option, command) {
  const rows = [];
  const put = (name, ...content) => rows.push(h("div", {}, h("dt", {}, name), h("dd", {}, content)));
  if (option) {
    if (option.k !== row.k) put("Lies in", h("code", {}, option.k));
    if (option.t) put("Type", inline(option.t));
    if (option.vt) put("Default", h("code", {}, option.vt));
    else if (option.h) put("Default", h("code", {}, valueText(option.v === undefined ? null : option.v, true)));
    else put("Default", "none");
    if (option.p) put("Declared", option.p.map((p, i) => [i ? ", " : "", where(place(p))]));
  }
  put("In a shell", h("code", { class: "command" }, command));
  return h("div", { class: "about" }, option && prose(option.d), h("dl", {}, rows));
}

const quoteShell = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'");

// What authors write: code between fences, and paragraphs, whose lines are broken where the page wants, unless they are lists or
// indented.
function prose(text) {
  if (!text) return null;
  const paragraph = (part) => part.trim() && h("p", { class: "prose" + (/^\s*([-*]|\d+\.) |^ {2,}/m.test(part) ? " lines" : "") }, inline(part));
  return text.split(/^[ \t]*```[^\n]*\n([^]*?)^[ \t]*```[ \t]*$/m).map((part, i) => (i % 2 ? h("pre", { class: "value" }, part) : part.split(/\n\s*\n/).map(paragraph)));
}

const isWritten = (row) => (row.d || []).length > 0;

// Does the block have rows for the search and the filter? An array of these.
function rowsOfBlock(block) {
  const wanted = words();
  return (data.blocks[block] || []).map((i) => data.rows[i]).filter((row) => {
    if (state.written && !isWritten(row) && row.f !== "problem") return false;
    if (!wanted.length) return true;
    return wanted.every((w) => rowText(row).includes(w));
  });
}

function rowText(row) {
  row.text = row.text || [row.k, row.v === undefined ? "" : valueText(row.v), ...(row.d || []).map((d) => layerName(d) + " " + place(d.p))].join("\n").toLowerCase();
  return row.text;
}

// The table of a member's settings; machine is one of those that have them.
function settingsTable(role, block, machine, label) {
  if (block < 0) return h("p", { class: "note" }, role.settingsFrom === "none" ? "The settings are not known; the findings say why." : "The settings do not evaluate; the findings say why.");
  const rows = rowsOfBlock(block);
  const all = data.blocks[block].length;
  if (!all) return h("p", { class: "note" }, "No settings.");
  if (!rows.length) return h("p", { class: "note" }, `${count(all, "setting")}, none that fits.`);
  const body = tbody();
  for (const row of rows) {
    const option = role.options && role.options[row.o];
    const more = h("tr", { class: "detail", role: "row", hidden: true });
    const button = h("button", { type: "button", class: "key", "aria-expanded": "false", onclick: () => {
      const open = more.hidden;
      if (open && !more.firstChild) {
        put(more, h("td", { colspan: "3", role: "cell" }, about(row, option, ["clanctl why", role.instance.name, role.name, machine.name, row.k].map((w, i) => (i ? quoteShell(w) : w)).join(" "))));
      }
      more.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    } }, row.k ? dotted(row.k) : "(all)");
    const problem = row.f === "problem" ? findingNumber.get(row.x).severity : "";
    const shown = tr(button,
      td("Value", row.v === undefined ? [h("span", { class: "bad " + problem }, "does not evaluate "), h("a", { href: "#/findings?q=" + encodeURIComponent(row.k) }, "why?")] : value(row.v)),
      td("Comes from", origin(row, option)));
    shown.className = problem || row.f;
    put(body, shown, more);
  }
  return table("settings", label, ["Setting", "Value", "Comes from"], body);
}

const settingsNotes = {
  interface: "Evaluated from what is written and the role's interface, not read from clan's own result.",
  layers: "Merged by structure from what is written: without nixpkgs' lib there are no defaults and no checks.",
  none: "Settings are not known; the findings say why.",
};
// What there is to know of how the settings of these roles were had.
const settingsNote = (roles) => [...new Set(roles.map((r) => settingsNotes[r.settingsFrom]).filter(Boolean))].map((text) => h("p", { class: "note" }, text));

// Why the machine is a member; plain is for places where links may not be.
function because(m, plain) {
  const reasons = [];
  if (m.explicit) reasons.push([h("span", {}, "by name "), where(m.place, plain)]);
  for (const t of m.tags) reasons.push([h("span", {}, "by the tag ", plain ? h("span", { class: "tag" }, t.name) : h("a", { class: "tag", href: fleetHref("tag", t.name) }, t.name), " "), where(t.place, plain)]);
  return reasons.map((r, i) => [i ? ", and " : "", r]);
}
