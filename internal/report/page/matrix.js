// Machines by instances of services, as a grid: one stop for the Tab key, arrows move between cells. Of many rows and columns
// only those in sight are in the document, and some around them; what is left out is a space of its size.
const rowHeight = 30;
const spareRows = 12;
const manyRows = 80;
const manyColumns = 40;
const columnStep = 8;
const letterWidth = 26;

// How wide a text is in the page's font, "WEIGHT SIZE".
const canvas = document.createElement("canvas").getContext("2d");
const fontFamily = getComputedStyle(document.body).fontFamily;
const textWidths = new Map();
function textWidth(text, size) {
  const key = size + text;
  if (!textWidths.has(key)) {
    canvas.font = size + " " + fontFamily;
    textWidths.set(key, canvas.measureText(text).width);
  }
  return textWidths.get(key);
}

// A role's letters, drawn by the style sheet: they are a picture, and what they mean is in the cell's label and in the legend.
function letter(name) {
  const { mark, colour } = roleMarks.get(name);
  return h("span", { class: "chip letter " + colour, "aria-hidden": "true", "data-mark": mark });
}

class Matrix {
  constructor(host, open) {
    this.open = open; // keys of groups that are open; kept by the view
    this.active = { row: 0, column: 0 };
    this.everything = false;
    this.table = h("table", { class: "matrix", role: "grid" });
    this.scroller = h("div", { class: "scroller" }, this.table);
    put(host, this.scroller);
    this.scroller.addEventListener("scroll", () => this.soon());
    this.table.addEventListener("keydown", (e) => this.key(e));
    this.table.addEventListener("focusin", (e) => this.focused(e));
    this.table.addEventListener("click", (e) => this.clicked(e));
    this.table.addEventListener("mouseover", (e) => this.over(e.target.closest("td, th")));
    this.table.addEventListener("mouseleave", () => this.over(null));
  }

  // rows as rowsOf makes them, columns are instances.
  update(rows, columns, hits) {
    const { scrollTop, scrollLeft } = this.scroller;
    this.groups = rows;
    this.columns = columns;
    this.hits = hits;
    this.column = new Map(columns.map((c, i) => [c, i]));
    this.flatten();
    this.layout();
    this.head();
    this.rendered = new Map();
    this.inSight = null;
    this.clamp();
    this.render(Math.min(scrollTop, this.rows.length * rowHeight), scrollLeft);
    this.scroller.scrollTop = scrollTop;
    this.scroller.scrollLeft = scrollLeft;
  }

  flatten() {
    this.rows = [];
    for (const group of this.groups) {
      if (group.machines.length === 1) {
        this.rows.push({ machine: group.machines[0] });
        continue;
      }
      const open = this.open.has(group.key);
      this.rows.push({ group, machine: group.machines[0], open });
      if (open) for (const machine of group.machines) this.rows.push({ machine, inside: true });
    }
  }

  // Whole words where they fit, with the instances' names across or upright; else where an instance has several roles, if that
  // fits; else letters. What room is left the tags get.
  layout() {
    const text = (s, size) => Math.ceil(textWidth(s, size)) + 16;
    const narrow = window.innerWidth < 700;
    this.first = narrow ? 132 : 210;
    const room = this.scroller.parentElement.clientWidth - 4;
    const total = (widths) => widths.reduce((a, b) => a + b, this.first);
    const cells = this.columns.map((c) => 12 + c.roles.map((r) => text(r.name, "500 12.6px")).sort((a, b) => b - a).slice(0, c.widest).reduce((a, b) => a + b, 0));
    const full = this.columns.map((c, i) => Math.max(text(c.name, "600 13.5px") + 6, cells[i]));
    const upright = cells.map((w) => Math.max(w, 34));
    const letters = this.columns.map((c) => 8 + letterWidth * c.widest);
    const several = this.columns.map((c, i) => (c.roles.length > 1 ? upright : letters)[i]);
    this.widths = narrow ? letters : [full, upright, several].find((widths) => total(widths) < room) || letters;
    this.wordy = this.widths === full;
    this.words = this.columns.map((c) => this.wordy || this.widths === upright || (this.widths === several && c.roles.length > 1));
    if (!narrow) {
      const tagged = (names) => names.reduce((sum, t) => sum + markWidth(t), 0);
      const wanted = this.groups.reduce((w, g) => Math.max(w, this.nameWidth(g.machines) + (g.machines[0].class === "darwin" ? markWidth("darwin") : 0) + tagged(shared(g.machines))), 0);
      this.first = Math.round(Math.max(this.first, Math.min(wanted, 460, room - total(this.widths) + this.first)));
    }
    const width = this.widths.reduce((a, b) => a + b, this.first);
    let left = 0;
    this.lefts = this.widths.map((w) => (left += w) - w);
    this.table.style.width = width + "px";
    this.table.classList.toggle("wordy", this.wordy);
    this.cols = h("colgroup", {}, h("col"), this.widths.map(() => h("col")));
    this.cols.firstChild.style.width = this.first + "px";
    this.widths.forEach((w, i) => { this.cols.children[i + 1].style.width = w + "px"; });
  }

  // nameWidth is what is before the tags of a row, and the cell's padding.
  nameWidth(ms) { return (ms.length > 1 ? 190 : textWidth(ms[0].name, "500 13.5px")) + 36; }

  head() {
    const spans = []; // of columns with the same service
    for (const c of this.columns) {
      const last = spans[spans.length - 1];
      if (last && last.service === c.service) last.columns.push(c);
      else spans.push({ service: c.service, columns: [c] });
    }
    const plain = (s) => s.columns.length === 1;
    const two = !spans.every(plain);
    const top = h("tr"), below = h("tr");
    this.corner = h("th", { scope: "col", class: "corner", rowspan: two ? 2 : 1 }, "Machine");
    put(top, this.corner);
    this.heads = [];
    const cell = (c, rowspan) => {
      const bad = worst(c.findings);
      const th = h("th", { scope: "col", rowspan, class: "instance" + (this.hits.has(c) ? " hit" : "") + (bad ? " " + bad : ""), "data-column": this.heads.length + 1 },
        h("a", { href: c.href, tabindex: -1, title: c.service ? `${c.name} (${c.service.name})` : c.name }, h("span", {}, c.name)), bad && hidden(", has " + bad + "s"));
      this.heads.push(th);
      return th;
    };
    for (const s of spans) {
      if (plain(s)) {
        put(top, cell(s.columns[0], two ? 2 : 1));
        continue;
      }
      const name = s.service ? s.service.name : "does not evaluate";
      put(top, h("th", { scope: "colgroup", colspan: s.columns.length, class: "service", title: name }, h("span", {}, name)));
      for (const c of s.columns) put(below, cell(c, 1));
    }
    this.body = h("tbody");
    this.above = h("tr", { class: "space", "aria-hidden": "true" });
    this.below = h("tr", { class: "space", "aria-hidden": "true" });
    this.table.replaceChildren(h("caption", { class: "hidden" }, "Machines by instances of services. Arrow keys move, Enter opens."),
      this.cols, h("thead", {}, top, two ? below : null), this.body);
    this.offset = two ? 2 : 1;
    this.table.setAttribute("aria-rowcount", this.rows.length + this.offset);
    this.table.setAttribute("aria-colcount", this.columns.length + 1);
  }

  row(i) {
    const { machine, group, open, inside } = this.rows[i];
    const [from, to] = this.inSight;
    const tr = h("tr", { "aria-rowindex": i + 1 + this.offset, "data-row": i, class: group ? "group" : inside ? "inside" : null });
    const first = h("th", { scope: "row", "data-column": 0 });
    if (group) {
      const n = group.machines.length;
      put(first, h("button", { type: "button", tabindex: -1, "aria-expanded": String(open), title: group.machines.slice(0, 40).map((m) => m.name).join(", ") },
        h("span", { class: "n" }, count(n, "machine")), h("span", { class: "names" }, group.machines[0].name + " … " + group.machines[n - 1].name), marks(group.machines, this.first - this.nameWidth(group.machines))));
    } else {
      const bad = worst(machine.findings.filter((f) => !f.instance));
      put(first, h("a", { href: machine.href, tabindex: -1, class: (bad || "") + (machine.unknown ? " unknown" : ""), title: machine.description.replaceAll("`", "") || machine.name }, machine.name),
        bad && hidden(", has " + bad + "s"), machine.unknown && hidden(", not in the inventory"), marks([machine], this.first - this.nameWidth([machine])));
    }
    put(tr, first);
    const roles = new Map();
    for (const m of machine.memberships) {
      const at = this.column.get(m.instance);
      if (at === undefined) continue;
      if (!roles.has(at)) roles.set(at, []);
      roles.get(at).push(m.role.name);
    }
    const leftOut = (n) => n > 0 && h("td", { colspan: n, "aria-hidden": "true" });
    put(tr, leftOut(from));
    for (let c = from; c < to; c++) {
      const names = roles.get(c);
      if (!names) {
        put(tr, h("td", { "data-column": c + 1, "aria-colindex": c + 2 }));
        continue;
      }
      const bad = group ? "" : findingAt(machine, this.columns[c]);
      put(tr, h("td", { "data-column": c + 1, "aria-colindex": c + 2, class: "has " + bad, "aria-label": this.words[c] ? null : names.join(", ") + (bad && `, has ${bad}s`),
        title: `${group ? count(group.machines.length, "machine") : machine.name}, ${this.columns[c].name}: ${names.join(", ")}` },
      names.map((name) => [this.words[c] ? chip(name) : letter(name), " "]), this.words[c] && bad && hidden(`has ${bad}s`)));
    }
    put(tr, leftOut(this.columns.length - to));
    return tr;
  }

  soon() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => { this.pending = 0; this.render(); });
  }

  // columnsInSight is where the columns begin and end that belong into the document; in steps, so that it changes seldom.
  columnsInSight(left) {
    const n = this.columns.length;
    if (this.everything || n <= manyColumns) return [0, n];
    let from = this.lefts.findIndex((l, i) => l + this.widths[i] > left);
    if (from < 0) from = n - 1;
    let to = this.lefts.findIndex((l) => l > left + window.innerWidth); // it is never wider than the window
    if (to < 0) to = n;
    if (this.body.contains(document.activeElement) && this.active.column > 0) {
      from = Math.min(from, this.active.column - 1); // the focus is not taken away
      to = Math.max(to, this.active.column);
    }
    return [Math.max(0, Math.floor(from / columnStep - 1) * columnStep), Math.min(n, Math.ceil(to / columnStep + 1) * columnStep)];
  }

  // render puts the cells in sight into the document, and keeps the rows that are there.
  render(top = this.scroller.scrollTop, left = this.scroller.scrollLeft) {
    const focused = this.body.contains(document.activeElement);
    const inSight = this.columnsInSight(left);
    if (!this.inSight || inSight.join() !== this.inSight.join()) {
      this.inSight = inSight;
      this.rendered.clear();
    }
    let from = 0, to = this.rows.length;
    if (!this.everything && to > manyRows) {
      const seen = Math.floor(top / rowHeight);
      from = Math.max(0, seen - spareRows);
      to = Math.min(to, seen + Math.ceil(window.innerHeight / rowHeight) + spareRows);
    }
    for (const [i, tr] of this.rendered) {
      if ((i < from || i >= to) && !tr.contains(document.activeElement)) this.rendered.delete(i);
    }
    if (focused && !this.rendered.has(this.active.row) && this.rows[this.active.row]) this.rendered.set(this.active.row, this.row(this.active.row));
    const rows = [];
    for (let i = from; i < to; i++) {
      if (!this.rendered.has(i)) this.rendered.set(i, this.row(i));
    }
    for (const i of [...this.rendered.keys()].sort((a, b) => a - b)) rows.push(i);
    // A row that has the focus may be far from the others; spaces stand for all that is left out.
    const nodes = [];
    let next = 0;
    const space = (n) => {
      if (n <= 0) return;
      const tr = h("tr", { class: "space", "aria-hidden": "true" }, h("td", { colspan: this.columns.length + 1 }));
      tr.firstChild.style.height = n * rowHeight + "px";
      nodes.push(tr);
    };
    for (const i of rows) {
      space(i - next);
      nodes.push(this.rendered.get(i));
      next = i + 1;
    }
    space(this.rows.length - next);
    const wanted = new Set(nodes);
    for (const node of [...this.body.children]) if (!wanted.has(node)) node.remove();
    let at = this.body.firstChild;
    for (const node of nodes) {
      if (node === at) at = at.nextSibling;
      else this.body.insertBefore(node, at);
    }
    this.stop();
    if (focused && !this.body.contains(document.activeElement)) {
      const el = this.target(this.active.row, this.active.column);
      if (el) el.focus({ preventScroll: true });
    }
  }

  // ---- keyboard ----

  clamp() {
    this.active.row = Math.max(-1, Math.min(this.active.row, this.rows.length - 1));
    this.active.column = Math.max(0, Math.min(this.active.column, this.columns.length));
    if (this.active.row < 0 && this.active.column === 0) this.active.row = 0;
  }

  // What takes the focus in a cell: its link or button, or the cell itself.
  target(row, column) {
    const cell = row < 0 ? this.heads[column - 1] : this.rendered.get(row)?.querySelector(`[data-column="${column}"]`);
    return cell ? cell.querySelector("a, button") || cell : null;
  }

  // stop makes the active cell the one that the Tab key stops at.
  stop() {
    for (const el of this.table.querySelectorAll('[tabindex="0"]')) el.tabIndex = -1;
    let el = this.target(this.active.row, this.active.column);
    if (!el && this.rendered.size) el = this.target(Math.min(...[...this.rendered.keys()].filter((i) => i * rowHeight >= this.scroller.scrollTop), this.rows.length - 1), 0);
    if (!el && this.rendered.size) el = this.target([...this.rendered.keys()][0], 0);
    if (el) el.tabIndex = 0;
  }

  focus() {
    const { row, column } = this.active;
    if (row >= 0) {
      // Not behind the header, and in sight at all.
      const head = this.table.tHead.offsetHeight, view = this.scroller.clientHeight - head;
      const top = row * rowHeight;
      if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
      else if (top + rowHeight > this.scroller.scrollTop + view) this.scroller.scrollTop = top + rowHeight - view;
    }
    if (column > 0) {
      const left = this.lefts[column - 1], right = left + this.widths[column - 1];
      const view = this.scroller.clientWidth - this.first;
      if (left < this.scroller.scrollLeft) this.scroller.scrollLeft = left;
      else if (right > this.scroller.scrollLeft + view) this.scroller.scrollLeft = right - view;
    }
    this.render();
    const el = this.target(row, column);
    if (el) el.focus({ preventScroll: true });
  }

  key(e) {
    if (e.altKey || e.metaKey) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / rowHeight) - 3);
    const a = this.active;
    switch (e.key) {
      case "ArrowDown": a.row++; break;
      case "ArrowUp": a.row--; break;
      case "ArrowRight": a.column++; break;
      case "ArrowLeft": a.column--; break;
      case "PageDown": a.row += page; break;
      case "PageUp": a.row = Math.max(0, a.row - page); break;
      case "Home": a.column = 0; if (e.ctrlKey) a.row = 0; break;
      case "End": a.column = this.columns.length; if (e.ctrlKey) a.row = this.rows.length - 1; break;
      case "Enter":
        if (e.target.matches("td")) {
          e.preventDefault();
          this.enter(a.row, a.column);
        }
        return;
      default: return;
    }
    e.preventDefault();
    this.clamp();
    this.focus();
    this.over(this.target(a.row, a.column) && this.target(a.row, a.column).closest("td, th"));
  }

  focused(e) {
    const cell = e.target.closest("[data-column]");
    if (!cell) return;
    const tr = cell.closest("[data-row]");
    this.active = { row: tr ? Number(tr.dataset.row) : -1, column: Number(cell.dataset.column) };
    this.stop();
  }

  clicked(e) {
    const button = e.target.closest("button");
    const cell = e.target.closest("td[data-column]");
    if (button) {
      const i = Number(button.closest("tr").dataset.row);
      this.toggle(i);
    } else if (cell) {
      this.enter(Number(cell.closest("tr").dataset.row), Number(cell.dataset.column));
    }
  }

  toggle(i) {
    const { key } = this.rows[i].group;
    if (!this.open.delete(key)) this.open.add(key);
    this.active = { row: i, column: 0 };
    this.update(this.groups, this.columns, this.hits);
    this.focus();
  }

  enter(row, column) {
    const { machine, group } = this.rows[row];
    const instance = this.columns[column - 1];
    if (!machine.memberships.some((m) => m.instance === instance)) return;
    if (group) {
      if (!this.open.has(group.key)) this.toggle(row);
      return;
    }
    location.hash = machine.href + "?at=" + encodeURIComponent(instance.name);
  }

  // over marks the column.
  over(cell) {
    const at = cell && cell.dataset.column ? Number(cell.dataset.column) : 0;
    if (at === this.marked) return;
    if (this.marked && this.cols.children[this.marked]) {
      this.cols.children[this.marked].classList.remove("over");
      this.heads[this.marked - 1]?.classList.remove("over");
    }
    this.marked = at;
    if (at) {
      this.cols.children[at].classList.add("over");
      this.heads[at - 1].classList.add("over");
    }
  }
}

// What machines have in common that others do not: their class and tags.
const shared = (ms) => ms[0].telling.filter((t) => ms.every((m) => m.tags.includes(t)));
const markWidth = (text) => textWidth(text, "500 12px") + 18;

// marks are those for which there is room, and how many are left out.
function marks(ms, room) {
  const cls = classes.length > 1 && ms[0].class !== "nixos" && ms.every((m) => m.class === ms[0].class) && ms[0].class;
  const common = shared(ms);
  let left = room - (cls ? markWidth(cls) : 0);
  const more = 26;
  const fits = common.findIndex((t, i) => (left -= markWidth(t)) < (i + 1 < common.length ? more : 0));
  const n = fits < 0 ? common.length : fits;
  return (cls || common.length > 0) && h("span", { class: "marks", title: common.join(", ") }, cls && [" ", h("span", { class: "badge" }, cls)], common.slice(0, n).map((t) => [" ", h("span", { class: "mark" }, t)]),
    n > 0 && n < common.length && ` +${common.length - n}`);
}

// legend says what the letters mean.
function legend(columns) {
  const names = [...new Set(columns.flatMap((c) => c.roles.map((r) => r.name)))].sort((a, b) => roleMarks.get(a).rank - roleMarks.get(b).rank);
  return h("ul", { class: "legend", "aria-hidden": "true" }, names.map((name) => h("li", {}, letter(name), name)));
}
