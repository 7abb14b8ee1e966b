// What pages gain by script: times in the reader's zone, a chart's numbers under the pointer, a live list. Everything is there without it, too.
(() => {
  const REFRESH_MS = 4_000;
  /** Whoever looks at a live list for longer has gone for coffee. */
  const LIVE_FOR_MS = 30 * 60_000;
  const MAX_LIVE_ROWS = 200;

  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Times. Written as ISO 8601 does, which no reader takes for another day.
  const zoned = {
    second: new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" }),
    minute: new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short" }),
  };
  const hourOfDay = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  const zoneAll = (root) => {
    for (const time of root.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      const format = zoned[time.dataset.precision];
      if (!format || Number.isNaN(at.getTime())) continue;
      time.textContent = format.format(at);
      time.title = `${time.dateTime.replace("T", " ").replace(/(?:\.000)?Z$/, "")} UTC`;
    }
    for (const text of root.querySelectorAll("[data-hour]")) {
      text.textContent = hourOfDay.format(new Date(text.dataset.hour));
    }
  };

  // Charts are drawn. What a time's numbers are is said under the pointer, out of the table after the chart.
  const tellNumbers = (chart) => {
    const table = document.getElementById(chart.dataset.table);
    const rows = table.tBodies[0].rows;
    const heads = [...table.tHead.rows[0].cells].slice(1);
    const plot = chart.querySelector(".plot");
    const cursor = chart.querySelector(".cursor");
    const tip = make("div", "tip");
    // Who listens has the table.
    tip.setAttribute("aria-hidden", "true");
    chart.append(tip);
    const show = (i) => {
      const isShown = rows[i] !== undefined;
      tip.hidden = !isShown;
      cursor.setAttribute("display", isShown ? "inline" : "none");
      return isShown;
    };
    show(-1);
    chart.addEventListener("mouseleave", () => show(-1));
    chart.addEventListener("mousemove", ({ clientX }) => {
      const box = plot.getBoundingClientRect();
      const i = Math.floor(((clientX - box.left) / box.width) * rows.length);
      if (!show(i)) return;
      const [time, ...cells] = rows[i].cells;
      const lines = heads.map((head, n) => {
        const line = make("div");
        const value = make("b", "", cells[n].textContent.trim());
        line.append(make("span", `key ${head.dataset.colour}`), head.textContent.trim(), value);
        return line;
      });
      tip.replaceChildren(make("strong", "", time.textContent.trim()), ...lines);
      cursor.setAttribute("x", `${(100 * i) / rows.length}%`);
      const frame = chart.getBoundingClientRect();
      const isRight = clientX > box.left + box.width / 2;
      tip.style.left = isRight ? "" : `${clientX - frame.left + 14}px`;
      tip.style.right = isRight ? `${frame.right - clientX + 14}px` : "";
    });
  };

  // A live list asks for what came after its first row while somebody looks at it.
  const follow = (list) => {
    const url = new URL(list.dataset.live, location.href);
    const started = Date.now();
    const button = make("button", "", "Pause");
    button.type = "button";
    let isPaused = false;
    button.addEventListener("click", () => {
      isPaused = !isPaused;
      button.textContent = isPaused ? "Go on" : "Pause";
      state.textContent = isPaused ? "Paused" : "Live";
    });
    const state = make("span", "soft small", "Live");
    document.querySelector(list.dataset.controls)?.prepend(state, button);

    let isAsking = false;
    const refresh = async () => {
      // One question at a time: two would bring the same rows twice.
      if (document.hidden || isPaused || isAsking || !list.isConnected) return;
      if (Date.now() - started > LIVE_FOR_MS) {
        if (!isPaused) button.click();
        return;
      }
      const body = list.querySelector("tbody");
      url.searchParams.set("after", body?.rows[0]?.dataset.seq ?? "0");
      isAsking = true;
      try {
        const response = await fetch(url, { credentials: "same-origin" });
        if (!response.ok || response.redirected) return;
        const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = parsed.getElementById(list.id);
        const rows = [...(fresh?.querySelectorAll("tbody > tr") ?? [])];
        if (!rows.length) return;
        zoneAll(fresh);
        // So many at once that some may be left out between, or the first ones: all anew.
        if (!body || rows.length >= Number(list.dataset.pageSize)) list.replaceChildren(...fresh.childNodes);
        else {
          for (const row of rows) row.classList.add("new");
          body.prepend(...rows);
          while (body.rows.length > MAX_LIVE_ROWS) body.rows[body.rows.length - 1].remove();
        }
      } catch {
        // The next round tries again.
      } finally {
        isAsking = false;
      }
    };
    setInterval(refresh, REFRESH_MS);
  };

  const start = () => {
    zoneAll(document);
    for (const zone of document.querySelectorAll("[data-zone]")) {
      zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
    }
    for (const chart of document.querySelectorAll(".chart")) tellNumbers(chart);
    for (const list of document.querySelectorAll("[data-live]")) follow(list);
    for (const box of document.querySelectorAll("input[data-check-all]")) {
      box.hidden = false;
      box.addEventListener("change", () => {
        for (const other of document.querySelectorAll(`input[name="${box.dataset.checkAll}"]`)) {
          other.checked = box.checked;
        }
      });
    }
    for (const area of document.querySelectorAll("textarea[data-drop]")) {
      area.addEventListener("dragover", (event) => event.preventDefault());
      area.addEventListener("drop", (event) => {
        if (!event.dataTransfer?.files.length) return;
        event.preventDefault();
        // As a file, so that its bytes stay as they are.
        area.form.elements.file.files = event.dataTransfer.files;
        area.value = "";
        area.placeholder = `${event.dataTransfer.files[0].name} is chosen.`;
      });
    }
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.closest?.("input, textarea, select");
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      const search = document.getElementById("search");
      if (!search) return;
      event.preventDefault();
      search.focus();
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
