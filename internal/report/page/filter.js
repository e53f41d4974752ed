// What to show is kept in the address, behind a question mark: it survives a reload, and can be sent to others.
const state = { path: [], q: "", tags: [], cls: "", services: [], view: "", group: "", written: false, severity: "", at: "" };

// What narrows the fleet goes from view to view, until somebody takes it off. An address that names a filter has no others.
const narrowing = ["q", "tag", "service", "class"];
const kindsWithFilters = new Set(["", "picture", "services", "tags", "findings", "search"]);
let fleetWords = "";

// readAddress reads where people are; what the address does not say stays as it was, unless they were there before.
function readAddress(again) {
  const before = { ...state };
  const [path, query] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const params = new URLSearchParams(query || "");
  state.path = path.split("/").filter(Boolean).map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  state.q = params.get("q") || "";
  state.tags = params.getAll("tag");
  state.services = params.getAll("service");
  state.cls = params.get("class") || "";
  state.view = params.get("view") || "";
  state.group = params.get("group") || "";
  state.written = params.get("written") === "1";
  state.severity = params.get("severity") || "";
  state.at = params.get("at") || "";
  const filters = kindsWithFilters.has(state.path[0] || "");
  if (!again) {
    for (const name of ["view", "group", "severity"]) if (!params.has(name)) state[name] = before[name];
    if (!params.has("written")) state.written = before.written;
    if (!narrowing.some((name) => params.has(name))) {
      Object.assign(state, { tags: before.tags, services: before.services, cls: before.cls });
      if (filters) state.q = fleetWords;
    }
  }
  if (filters) fleetWords = state.q;
}

function address() {
  const params = new URLSearchParams();
  const put = (name, value) => { if (value) params.set(name, value); };
  put("q", state.q);
  state.tags.forEach((t) => params.append("tag", t));
  state.services.forEach((s) => params.append("service", s));
  put("class", state.cls);
  put("view", state.view);
  put("group", state.group);
  put("written", state.written ? "1" : "");
  put("severity", state.severity);
  put("at", state.at);
  const query = params.toString();
  return "#/" + state.path.map(encodeURIComponent).join("/") + (query ? "?" + query : "");
}

const fleetHref = (name, value) => "#/?" + new URLSearchParams({ [name]: value });
const words = () => state.q.toLowerCase().split(/\s+/).filter(Boolean);

for (const m of machines) {
  const host = Object.values(m.deploy).filter((v) => typeof v === "string");
  m.text = [m.name, m.description, m.class, ...host, ...m.tags.map((t) => "@" + t)].join("\n").toLowerCase();
}
for (const i of instances) {
  i.text = [i.name, i.service ? i.service.name : "", ...i.roles.map((r) => r.name)].join("\n").toLowerCase();
}
for (const s of services) s.text = [s.name, s.description || "", s.input || "", ...s.categories].join("\n").toLowerCase();

// What a word finds in settings: blocks of them. Of shorter words too much would be found.
const shortestInSettings = 3;
function blocksWith(word) {
  if (word.length < shortestInSettings) return new Set();
  const rows = data.rows.map((row) => rowText(row).includes(word));
  return new Set(data.blocks.flatMap((block, i) => (block.some((row) => rows[row]) ? [i] : [])));
}

const filtered = () => state.tags.length > 0 || state.services.length > 0 || state.cls !== "";

// The machines to show, and the instances that are columns. A word fits a machine itself, or something that runs there: its name
// or, where no name fits, its settings. Without words the filters count alone.
function chosen(withWords = true) {
  const wanted = (withWords ? words() : []).map((word) => {
    const inside = new Set(instances.filter((i) => i.text.includes(word)));
    const named = inside.size > 0 || machines.some((m) => m.text.includes(word));
    return { word, inside, blocks: named ? new Set() : blocksWith(word) };
  });
  const ofServices = state.services.length ? new Set(instances.filter((i) => i.service && state.services.includes(i.service.name))) : null;
  const shown = machines.filter((m) =>
    (!state.cls || m.class === state.cls) &&
    state.tags.every((t) => m.tags.includes(t)) &&
    (!ofServices || m.memberships.some((x) => ofServices.has(x.instance))) &&
    wanted.every(({ word, inside, blocks }) => m.text.includes(word) || ((inside.size > 0 || blocks.size > 0) && m.memberships.some((x) => inside.has(x.instance) || blocks.has(x.block)))));
  let columns = allInstances;
  if (shown.length < machines.length || ofServices) {
    const used = new Set();
    for (const m of shown) for (const x of m.memberships) used.add(x.instance);
    columns = allInstances.filter((i) => used.has(i) && (!ofServices || ofServices.has(i)));
  }
  const hits = new Set(wanted.flatMap(({ inside }) => [...inside]));
  for (const { blocks } of wanted) if (blocks.size) for (const m of shown) for (const x of m.memberships) if (blocks.has(x.block)) hits.add(x.instance);
  return { shown, columns, hits, all: shown.length === machines.length && columns.length === allInstances.length };
}

// Machines with the same roles in these instances are one row.
function rowsOf(shown, columns, grouped) {
  if (!grouped) return shown.map((m) => ({ key: "m" + m.index, machines: [m] }));
  const every = columns.length === allInstances.length;
  const among = new Set(columns);
  const rows = new Map();
  for (const m of shown) {
    const key = every ? m.key : m.memberships.filter((x) => among.has(x.instance)).map((x) => x.instance.index + "." + x.role.at).join(",");
    const row = rows.get(key);
    if (row) row.machines.push(m);
    else rows.set(key, { key: "g" + key, machines: [m] });
  }
  return [...rows.values()];
}
