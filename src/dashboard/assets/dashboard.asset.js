// What pages gain by script: times in the reader's zone, charts, a live list. Everything is there without it, too.
(() => {
  const zoned = (time) => {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) return;
    const isDay = time.dataset.precision === "day";
    const parts = isDay
      ? { dateStyle: "medium", timeZone: "UTC" }
      : { dateStyle: "medium", timeStyle: time.dataset.precision === "minute" ? "short" : "medium" };
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang || undefined, parts).format(at);
    time.title = `${time.dateTime.replace("T", " ").replace(/(?:\.000)?Z$/, "")} UTC`;
  };
  const zoneAll = (root) => {
    for (const time of root.querySelectorAll("time")) zoned(time);
  };

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** A chart stands before the table of its numbers and is drawn from it. */
  const drawChart = (holder) => {
    const table = document.getElementById(holder.dataset.table);
    if (!table || !window.uPlot) return;
    const rows = [...table.tBodies[0].rows];
    const times = rows.map((row) => Date.parse(row.cells[0].querySelector("time").dateTime) / 1000);
    const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
    const values = names.map((_, i) => rows.map((row) => Number(row.cells[i + 1].dataset.value)));
    const shown = names.map((_, i) => i).filter((i) => holder.dataset.all || values[i].some((value) => value > 0));
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const isByDay = holder.dataset.step === "day";
    const chart = new window.uPlot(
      {
        width: holder.clientWidth,
        height: 220,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        tzDate: isByDay ? (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") : undefined,
        scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.08, 1)] } },
        axes: [
          axis,
          { ...axis, size: 54, values: (_, ticks) => ticks.map((tick) => compact(tick, holder.dataset.unit)) },
        ],
        series: [
          {},
          ...shown.map((i) => ({
            label: names[i],
            stroke: colour(`--c${i + 1}`),
            fill: shown.length === 1 ? `${colour(`--c${i + 1}`)}22` : undefined,
            width: 2,
            points: { show: times.length < 40, size: 5 },
          })),
        ],
      },
      [times, ...shown.map((i) => values[i])],
      holder,
    );
    holder.setAttribute("aria-hidden", "true");
    new ResizeObserver(() => chart.setSize({ width: holder.clientWidth, height: 220 })).observe(holder);
  };
  const compact = (value, unit) =>
    unit === "%"
      ? `${value}%`
      : new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 }).format(value);

  /** A list that says where its newer rows are is asked again while somebody looks at it. */
  const follow = (list) => {
    const refresh = async () => {
      if (document.hidden || !list.isConnected) return;
      try {
        const response = await fetch(list.dataset.live, {
          headers: { accept: "text/html" },
          credentials: "same-origin",
        });
        if (!response.ok || response.redirected) return;
        const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = parsed.getElementById(list.id);
        if (!fresh || fresh.innerHTML === list.dataset.shown) return;
        list.dataset.shown = fresh.innerHTML;
        list.replaceChildren(...fresh.childNodes);
        zoneAll(list);
      } catch {
        // The next round tries again.
      }
    };
    setInterval(refresh, 3_000);
  };

  const start = () => {
    zoneAll(document);
    for (const holder of document.querySelectorAll("[data-table]")) drawChart(holder);
    for (const list of document.querySelectorAll("[data-live]")) follow(list);
    for (const box of document.querySelectorAll("input[data-check-all]")) {
      box.addEventListener("change", () => {
        for (const other of document.querySelectorAll(`input[name="${box.dataset.checkAll}"]`))
          other.checked = box.checked;
      });
    }
    for (const area of document.querySelectorAll("textarea[data-drop]")) {
      area.addEventListener("dragover", (event) => event.preventDefault());
      area.addEventListener("drop", async (event) => {
        const file = event.dataTransfer?.files[0];
        if (!file) return;
        event.preventDefault();
        area.value = await file.text();
      });
    }
    for (const select of document.querySelectorAll("select[data-submit]")) {
      select.addEventListener("change", () => select.form.requestSubmit());
    }
    document.addEventListener("keydown", (event) => {
      const target = event.target;
      if (event.key !== "/" || event.ctrlKey || event.metaKey || target.closest?.("input, textarea, select")) return;
      const search = document.querySelector(".search input");
      if (!search) return;
      event.preventDefault();
      search.focus();
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
