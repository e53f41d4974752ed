// The views, and the way between them.
let view = null;
let lastPath = null;
// Where people were, by the number that each entry of the browser's history gets.
const kept = new Map();
let entry = 0, entries = 0;
const openGroups = new Set();

function heading(text, ...more) {
  return h("h1", { tabindex: -1, id: "heading" }, text, more.length ? [" ", more] : null);
}
const crumb = (text, href) => h("p", { class: "crumb" }, h("a", { href }, "← " + text));
const nothing = () => h("p", { class: "empty" }, "Nothing fits. ", h("button", { type: "button", onclick: clearFilters }, "Show all"));

function missing(main, kind, name) {
  put(main, heading(`There is no ${kind} ${name}`), h("p", {}, h("a", { href: "#/" }, "To the fleet")));
  return { search: "Search", title: "Not found", update() {} };
}

function clearFilters() {
  Object.assign(state, { q: "", tags: [], services: [], cls: "", severity: "", written: false });
  fleetWords = "";
  byId("q").value = "";
  keepAddress();
  view.refresh ? view.refresh() : view.update();
  byId("q").focus();
}

function keepAddress() {
  if (kindsWithFilters.has(state.path[0] || "")) fleetWords = state.q;
  history.replaceState(history.state, "", address());
}

// ---- the fleet ----

function tile(n, text, href, kind) {
  const inner = [h("strong", {}, n.toLocaleString("en")), " ", text];
  return h("li", { class: kind }, href ? h("a", { href }, inner) : h("span", {}, inner));
}

function overview() {
  const number = (severity) => findings.filter((f) => f.severity === severity).length;
  const errors = number("error"), warnings = number("warning");
  const perClass = classes.map((c) => `${machines.filter((m) => m.class === c).length} ${c}`).join(", ");
  const memberships = machines.reduce((n, m) => n + m.memberships.length, 0);
  return h("ul", { class: "tiles" },
    tile(machines.filter((m) => !m.unknown).length, classes.length > 1 ? `machines (${perClass})` : machines.length === 1 ? "machine" : "machines"),
    tile(instances.length, `${instances.length === 1 ? "instance" : "instances"} of ${count(services.length, "service")}`, "#/services"),
    tags.length > 0 && tile(tags.length, tags.length === 1 ? "tag" : "tags", "#/tags"),
    tile(memberships, memberships === 1 ? "membership" : "memberships"),
    errors > 0 && tile(errors, errors === 1 ? "error" : "errors", "#/findings?severity=error", "error"),
    warnings > 0 && tile(warnings, warnings === 1 ? "warning" : "warnings", "#/findings?severity=warning", "warning"),
    !findings.length && tile(0, "findings", "#/findings", "fine"));
}

// The filters of a view, which calls draw when it draws itself.
function filterBar(refresh) {
  const select = (id, label, names, text, pick) => {
    const el = h("select", { id, onchange: () => { pick(el.value); el.value = ""; refresh(); } }, h("option", { value: "" }, label), names.map((n) => h("option", { value: n }, text(n))));
    return names.length ? [h("label", { class: "hidden", for: id }, label), el] : null;
  };
  const addTo = (list) => (v) => { if (v && !list().includes(v)) list().push(v); };
  const serviceNames = [...new Set(services.map((s) => s.name))].sort(collator.compare);
  const active = h("span", { class: "active" });
  let drawn = "";
  function draw() {
    const now = JSON.stringify([state.tags, state.cls, state.services]);
    if (now === drawn) return;
    drawn = now;
    const remove = (label, text, drop) => h("button", { type: "button", class: "filter", "aria-label": `Remove the filter ${label} ${text}`, onclick: () => { drop(); refresh(); byId("q").focus(); } },
      `${label}: ${text}`, h("span", { "aria-hidden": "true" }, " ×"));
    active.replaceChildren(...state.tags.map((t) => remove("tag", t, () => { state.tags = state.tags.filter((x) => x !== t); })),
      ...(state.cls ? [remove("class", state.cls, () => { state.cls = ""; })] : []),
      ...state.services.map((s) => remove("service", s, () => { state.services = state.services.filter((x) => x !== s); })));
  }
  const nodes = [
    select("tag", "Tag", tags, (t) => `${t} (${carried.get(t) || 0})`, addTo(() => state.tags)),
    classes.length > 1 && select("class", "Class", classes, (c) => c, (v) => { state.cls = v; }),
    select("service", "Service", serviceNames, (s) => s, addTo(() => state.services)),
    active];
  return { nodes, draw };
}

function fleetView(main) {
  const bar = filterBar(() => refresh());
  const shown = h("output", { class: "shown", id: "shown" });
  const group = h("input", { type: "checkbox", id: "group", onchange: () => { state.group = group.checked ? "1" : "0"; refresh(); } });
  const segment = h("div", { class: "segment", role: "group", "aria-label": "View" }, ["matrix", "list"].map((name) =>
    h("button", { type: "button", "data-view": name, onclick: () => { state.view = name; refresh(); } }, name[0].toUpperCase() + name.slice(1))));
  const elsewhere = h("p", { class: "elsewhere" });
  const under = h("div", { class: "under" });
  const host = h("div", { class: "host" });
  put(main, h("h1", { class: "hidden", tabindex: -1, id: "heading" }, data.name), data.description && h("p", { class: "lead" }, inline(data.description)), overview(),
    !data.machinesKnown && h("p", { class: "finding error" }, "Some machines do not evaluate: members by tag are missing. ", h("a", { href: "#/findings?severity=error" }, "See the errors")),
    h("div", { class: "tools" },
      bar.nodes, h("span", { class: "gap" }), h("label", { class: "switch", for: "group" }, group, " Group equal machines"), segment, shown),
    elsewhere, under, host);

  let matrix = null, more = null, found = null;
  const narrow = () => window.innerWidth < 700;
  const asList = () => (state.view ? state.view === "list" : narrow());

  function refresh() { keepAddress(); draw(); }

  function draw(paper) {
    found = chosen();
    const { shown: ms, columns, hits, all } = found;
    let rows = rowsOf(ms, columns, true);
    const worth = rows.length <= ms.length * 0.7 && ms.length > 40;
    const grouped = state.group ? state.group === "1" : worth;
    group.checked = grouped;
    if (!grouped) rows = rowsOf(ms, columns, false);
    for (const b of segment.children) b.setAttribute("aria-pressed", String((b.dataset.view === "list") === asList()));
    bar.draw();
    elsewhere.replaceChildren(...foundElsewhere());
    shown.textContent = (!all ? `${ms.length} of ${count(machines.length, "machine")}` : count(machines.length, "machine")) +
      (grouped && rows.length < ms.length ? ` in ${count(rows.length, "row")}` : "") + `, ${count(columns.length, "instance")}`;
    say(shown.textContent);
    if (!ms.length) {
      matrix = more = null;
      under.replaceChildren();
      host.replaceChildren(machines.length ? nothing() : h("p", { class: "empty" }, "The clan has no machines."));
      return;
    }
    if (asList() || (paper && columns.length > 24) || !columns.length) {
      matrix = null;
      under.replaceChildren();
      more = list(host, rows, columns, paper);
      return;
    }
    more = null;
    if (!matrix) {
      host.replaceChildren();
      matrix = new Matrix(host, openGroups);
    }
    matrix.everything = !!paper;
    matrix.update(rows, columns, hits);
    const inLetters = columns.filter((c, i) => !matrix.words[i]);
    under.replaceChildren(inLetters.length ? legend(inLetters) : "");
  }

  draw();
  let resized = 0;
  const onResize = () => { clearTimeout(resized); resized = setTimeout(() => draw(), 150); };
  addEventListener("resize", onResize);
  return {
    search: "Search machines, tags, settings …", update: draw, refresh, leave: () => removeEventListener("resize", onResize),
    print: () => { draw(true); if (more) more.all(); }, printed: () => draw(),
    keep: () => matrix && { top: matrix.scroller.scrollTop, left: matrix.scroller.scrollLeft, active: matrix.active },
    restore: (k) => {
      if (!matrix || !k) return false;
      matrix.active = k.active;
      matrix.clamp();
      matrix.scroller.scrollLeft = k.left;
      matrix.scroller.scrollTop = k.top;
      matrix.render();
      matrix.focus();
      return true;
    },
  };
}

// ---- the way between views ----

const views = { "": fleetView, picture: drawing ? pictureView : (main) => missing(main, "picture", "of so many lines"), services: servicesView, tags: tagsView, findings: findingsView, search: searchView, machine: machineView, instance: instanceView };

function go() {
  if (view) kept.set(entry, { grid: view.keep && view.keep(), scroll: scrollY });
  const known = history.state && history.state.entry;
  const before = known && kept.get(known); // went back, or forward again
  entry = known || entries + 1;
  entries = Math.max(entries, entry);
  readAddress(known || lastPath === null);
  if (!known) history.replaceState({ entry }, "", address());
  history.scrollRestoration = "manual";
  byId("q").value = state.q;
  const path = state.path.join("/");
  const again = path === lastPath;
  if (again && view && !state.at) {
    view.update();
    return;
  }
  if (view && view.leave) view.leave();
  const main = byId("main");
  main.replaceChildren();
  const [kind, ...names] = state.path;
  const make = Object.hasOwn(views, kind || "") ? views[kind || ""] : (m) => missing(m, "page", kind);
  view = make(main, names.join("/"));
  document.title = view.title || kind ? `${view.title || capital(kind)} · ${data.name}` : data.name;
  byId("q").placeholder = view.search;
  for (const a of byId("views").querySelectorAll("a")) {
    const current = a.dataset.kind === (kind || "") || (a.dataset.kind === "services" && kind === "instance") || (a.dataset.kind === "" && kind === "machine");
    if (current) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  const first = lastPath === null;
  lastPath = path;
  const target = view.at && view.at();
  if (target) {
    target.focus();
    target.scrollIntoView({ block: "center" });
  } else if (before) {
    scrollTo(0, before.scroll);
    if (!(before.grid && view.restore && view.restore(before.grid))) byId("heading").focus({ preventScroll: true });
  } else if (first) {
    if (history.state && history.state.scroll) scrollTo(0, history.state.scroll);
  } else {
    scrollTo(0, 0);
    byId("heading").focus({ preventScroll: true });
  }
}
const capital = (kind) => kind[0].toUpperCase() + kind.slice(1);

addEventListener("hashchange", go);

function start() {
  put(byId("brand"), data.name);
  const bad = worst(findings), wrong = findings.filter((f) => f.severity !== "note").length;
  put(byId("views"), 
    h("a", { href: "#/", "data-kind": "" }, "Fleet"), drawing && h("a", { href: "#/picture", "data-kind": "picture" }, "Picture"), h("a", { href: "#/services", "data-kind": "services" }, "Services"),
    tags.length > 0 && h("a", { href: "#/tags", "data-kind": "tags" }, "Tags"),
    h("a", { href: "#/findings", "data-kind": "findings" }, "Findings", wrong > 0 && [" ", h("span", { class: "pill " + bad }, String(wrong))]));
  put(byId("foot"), "Made by clanctl", data.ref !== "." && [" from ", h("code", {}, data.ref)], data.clanCore ? (data.clanCore === "clan-core" ? " with clan-core." : ` with clan-core as ${data.clanCore}.`) : ".",
    commonDir && [" Files are below ", h("code", {}, commonDir), "."]);
  byId("skip").addEventListener("click", (e) => { e.preventDefault(); byId("main").focus(); });
  byId("search").addEventListener("submit", (e) => {
    e.preventDefault();
    if (kindsWithFilters.has(state.path[0] || "") && state.q.trim()) location.hash = "#/search?q=" + encodeURIComponent(state.q);
  });
  let typed = 0;
  byId("q").addEventListener("input", () => {
    cancelAnimationFrame(typed);
    typed = requestAnimationFrame(() => { state.q = byId("q").value; keepAddress(); view.update(); });
  });
  addEventListener("keydown", (e) => {
    const typing = e.target.matches && e.target.matches("input:not([type=checkbox]), select, textarea");
    if (e.key === "/" && !typing && !e.ctrlKey && !e.altKey && !e.metaKey) {
      e.preventDefault();
      byId("q").focus();
      byId("q").select();
    } else if (e.key === "Escape" && e.target === byId("q")) {
      byId("q").value = state.q = "";
      keepAddress();
      view.update();
    }
  });
  addEventListener("beforeprint", () => { if (view.print) view.print(); });
  addEventListener("afterprint", () => { if (view.printed) view.printed(); });
  put(byId("foot"), madeFrom());
  go();
  watchAge();
  watchOwnFile();
}
if (!isProbe) start();
