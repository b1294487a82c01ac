"use strict";
// Sorts, filters and turns the pages of the remotes' tables, and opens folded parts for printing.
// Texts are set as text: nothing that the page holds is ever read as markup.
(() => {
  const CLAIMED = 1, LISTED = 2, REJECTED = 4;
  const FLAGS = { claimed: CLAIMED, listed: LISTED, rejected: REJECTED };
  // A row as the page holds it.
  const [ROW_FLAGS, ROW_ORDER, ADDRESS, FIGURES, SERVICE, FIRST, LAST, BADGES, NOTE] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };
  // Text of others, set apart from its neighbours as the page does it.
  const apart = (text) => element("bdi", "", text);
  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

  const drawFigure = ([exact, below]) => {
    const cell = element("td", "n", grouped(exact));
    if (below) cell.append(" ", element("span", "sub", below));
    return cell;
  };

  const drawLists = (row) => {
    const cell = element("td", "text");
    for (const [trusted, list, detail] of row[BADGES]) {
      const kind = trusted ? "trusted list" : "list";
      const badge = element("span", trusted ? "badge trusted" : "badge threat", kind + " ", apart(list));
      cell.append(element("div", "", badge, " ", apart(detail)));
    }
    if (row[NOTE]) cell.append(element("div", "sub", "note: ", apart(row[NOTE])));
    return cell;
  };

  const drawRow = (row) => {
    const claimed = row[ROW_FLAGS] & CLAIMED;
    const head = element("th", "", element("code", "", apart(row[ADDRESS])));
    head.scope = "row";
    if (claimed) head.append(" ", element("span", "badge claimed", "claimed"));
    const service = element("td", "text", apart(row[SERVICE]));
    const times = [FIRST, LAST].map((at) => element("td", "when", row[at]));
    return element("tr", claimed ? "claimed" : "", head, drawLists(row), ...row[FIGURES].map(drawFigure), service, ...times);
  };

  // What a column is sorted by: a number, an exact integer or a text.
  const keyOf = (column, figures) => {
    if (column === 0) return (row) => row[ROW_ORDER];
    if (column === 1) return (row) => row[BADGES].map(([, list]) => list).join("\n") || row[NOTE];
    const figure = column - 2;
    if (figure < figures) return (row) => BigInt(row[FIGURES][figure][0]);
    const at = [SERVICE, FIRST, LAST][figure - figures];
    // Without the Z, so that a fraction of a second comes after the whole one.
    return (row) => row[at].replace(/Z$/, "");
  };

  const sorted = (rows, key, downwards) => {
    const keyed = rows.map((row) => [key(row), row]);
    const way = downwards ? -1 : 1;
    // Rows with nothing in the column come last, whichever way.
    keyed.sort(([a], [b]) => {
      if (a === b) return 0;
      if (a === "") return 1;
      if (b === "") return -1;
      return a < b ? -way : way;
    });
    return keyed.map(([, row]) => row);
  };

  const words = (row) =>
    [row[ADDRESS], row[SERVICE], row[NOTE], ...row[BADGES].flat().filter((part) => typeof part === "string")]
      .join("\n").toLowerCase();

  class Remotes {
    constructor(box) {
      this.box = box;
      this.heads = [...box.querySelectorAll("thead th")];
      this.body = box.querySelector("tbody");
      this.form = box.querySelector("form");
      this.status = box.querySelector(".status");
      this.pager = box.querySelector(".pager");
      this.data = null;
      this.page = 0;
      this.column = null;
      this.downwards = false;
      this.heads.forEach((head, column) => this.makeSortable(head, column));
      this.form.hidden = false;
      this.form.addEventListener("input", () => this.show(0));
      this.form.addEventListener("submit", (event) => event.preventDefault());
      this.form.addEventListener("reset", () => setTimeout(() => this.reset()));
      for (const button of this.pager.querySelectorAll("button")) {
        button.addEventListener("click", () => this.turn(button.name));
      }
      const all = Number(box.dataset.all), shown = Number(box.dataset.page);
      this.pager.hidden = all <= shown;
      this.enableTurns(0, Math.ceil(all / shown));
    }

    makeSortable(head, column) {
      const button = element("button", "sort", ...head.childNodes);
      button.type = "button";
      button.addEventListener("click", () => this.sortBy(column));
      head.append(button);
    }

    // The rows are read when they are first asked for: most pages are opened for the verdict.
    load() {
      if (!this.data) this.data = JSON.parse(this.box.querySelector("script").textContent);
      return this.data;
    }

    sortBy(column) {
      const figures = this.heads[column].dataset.sort === "figure";
      this.downwards = this.column === column ? !this.downwards : figures;
      this.column = column;
      this.show(0);
    }

    reset() {
      this.column = null;
      this.show(0);
    }

    turn(where) {
      const last = Math.max(0, Math.ceil(this.matching().length / this.rowsPerPage()) - 1);
      const page = { first: 0, back: this.page - 1, next: this.page + 1, last }[where];
      this.show(Math.min(Math.max(page, 0), last));
    }

    rowsPerPage() {
      return this.form.elements.rows.value === "all" ? Infinity : Number(this.form.elements.rows.value);
    }

    matching() {
      const { rows } = this.load();
      const fields = this.form.elements;
      const wanted = fields.text.value.trim().toLowerCase();
      const flags = Object.keys(FLAGS).reduce((all, name) => all | (fields[name].checked ? FLAGS[name] : 0), 0);
      return rows.filter((row) => (row[ROW_FLAGS] & flags) === flags && (!wanted || words(row).includes(wanted)));
    }

    show(page) {
      const { rows, figures } = this.load();
      const fitting = this.matching();
      const ordered = this.column === null ? fitting : sorted(fitting, keyOf(this.column, figures.length), this.downwards);
      const size = this.rowsPerPage();
      const from = page ? page * size : 0;
      const shown = ordered.slice(from, from + size);
      this.page = page;
      this.body.replaceChildren(...shown.map(drawRow));
      this.heads.forEach((head, column) => {
        if (column !== this.column) head.removeAttribute("aria-sort");
        else head.setAttribute("aria-sort", this.downwards ? "descending" : "ascending");
      });
      this.status.textContent = this.told(from, shown.length, fitting, rows.length, figures);
      this.box.querySelector(".left-out")?.remove();
      this.pager.hidden = fitting.length <= size;
      this.enableTurns(page, Math.ceil(fitting.length / size));
    }

    enableTurns(page, pages) {
      const { first, back, next, last } = Object.fromEntries([...this.pager.children].map((it) => [it.name, it]));
      first.disabled = back.disabled = page <= 0;
      next.disabled = last.disabled = page >= pages - 1;
    }

    told(from, shown, fitting, all, figures) {
      if (!fitting.length) return `None of ${grouped(all)} remotes fits.`;
      const sums = figures.map((name, at) => {
        const sum = fitting.reduce((sum, row) => sum + BigInt(row[FIGURES][at][0]), 0n);
        return `${grouped(sum)} ${name}`;
      });
      const of = fitting.length < all ? `${grouped(fitting.length)} that fit (${grouped(all)} in all)` : grouped(all);
      return `Remotes ${grouped(from + 1)} to ${grouped(from + shown)} of ${of}, together ${sums.join(", ")}.`;
    }
  }

  for (const box of document.querySelectorAll(".remotes")) new Remotes(box);

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
})();
