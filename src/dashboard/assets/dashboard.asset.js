// What pages gain by script: times in the reader's zone, charts, a live list. Everything is there without it, too.
(() => {
  const REFRESH_MS = 4_000;
  /** Whoever looks at a live list for longer has gone for coffee. */
  const LIVE_FOR_MS = 30 * 60_000;
  const MAX_LIVE_ROWS = 200;
  const CHART_HEIGHT = 220;

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
  const zoneAll = (root) => {
    for (const time of root.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      const format = zoned[time.dataset.precision];
      if (!format || Number.isNaN(at.getTime())) continue;
      time.textContent = format.format(at);
      time.title = `${time.dateTime.replace("T", " ").replace(/(?:\.000)?Z$/, "")} UTC`;
    }
  };

  // Charts: each stands before the table of its numbers and is drawn from it.
  const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const seriesColour = (name) => colourOf(name === "soft" ? "soft-bounce" : name);
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const COUNT_STEPS = [1, 2, 5]
    .flatMap((n) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map((e) => n * 10 ** e))
    .sort((a, b) => a - b);

  const numbersOf = (table) => {
    const rows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells].slice(1);
    return {
      times: rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000),
      labels: rows.map((row) => row.cells[0].textContent.trim()),
      series: heads.map((head, i) => ({
        label: head.textContent.trim(),
        colour: head.dataset.colour,
        values: rows.map(({ cells }) =>
          cells[i + 1].dataset.value === "" ? null : Number(cells[i + 1].dataset.value),
        ),
        texts: rows.map((row) => row.cells[i + 1].textContent.trim()),
      })),
    };
  };

  /** Bars stand on each other: each is drawn from the ground to its top, the uppermost first. */
  const stacked = (series) => {
    let below = series[0].values.map(() => 0);
    const tops = series.map(({ values }) => {
      below = below.map((n, i) => n + values[i]);
      return below;
    });
    return series.map((one, i) => ({ ...one, drawn: tops[i] })).reverse();
  };

  const drawChart = (holder) => {
    const { times, labels, series } = numbersOf(document.getElementById(holder.dataset.table));
    const isShare = holder.dataset.unit === "%";
    const isByDay = holder.dataset.step === "day";
    const step = isByDay ? 86_400 : 3_600;
    const limits = holder.dataset.limits.split(" ").filter(Boolean).map(Number);
    const shown = isShare ? series.map((one) => ({ ...one, drawn: one.values })) : stacked(series);
    const highest = Math.max(...limits, ...shown.flatMap(({ drawn }) => drawn));
    const axisTime = new Intl.DateTimeFormat(
      "en-GB",
      isByDay ? { day: "numeric", month: "short", timeZone: "UTC" } : { hour: "2-digit", minute: "2-digit" },
    );
    const axis = {
      stroke: colourOf("soft"),
      grid: { stroke: colourOf("line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui, sans-serif",
    };
    const tip = make("div", "tip");
    tip.hidden = true;
    const chart = new window.uPlot(
      {
        width: holder.clientWidth,
        height: CHART_HEIGHT,
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, y: false, points: { show: isShare } },
        tzDate: isByDay ? (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") : undefined,
        scales: {
          x: { range: (_, min, max) => [min - step / 2, max + step / 2] },
          y: { range: () => [0, highest * 1.08] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 30,
            space: 64,
            incrs: [1, 2, 3, 4, 6, 7, 8, 12, 14, 28].map((n) => n * step),
            values: (_, ticks) => ticks.map((tick) => axisTime.format(tick * 1000)),
          },
          {
            ...axis,
            size: 52,
            space: 36,
            ...(isShare ? {} : { incrs: COUNT_STEPS }),
            values: (_, ticks) => ticks.map((tick) => (isShare ? `${tick} %` : compact.format(tick))),
          },
        ],
        series: [
          {},
          ...shown.map(({ label, colour }) => ({
            label,
            stroke: isShare ? seriesColour(colour) : undefined,
            fill: isShare ? `${seriesColour(colour)}22` : seriesColour(colour),
            width: isShare ? 2 : 0,
            paths: isShare ? undefined : window.uPlot.paths.bars({ size: [0.72, 56] }),
            points: { show: isShare && times.length < 40, size: 5 },
          })),
        ],
        hooks: {
          draw: [({ ctx, bbox, valToPos }) => drawLimits({ ctx, bbox, valToPos, limits })],
          setCursor: [(u) => showTip(u, tip, labels, series)],
        },
      },
      [times, ...shown.map(({ drawn }) => drawn)],
      holder,
    );
    chart.over.append(tip);
    holder.setAttribute("aria-hidden", "true");
    return chart;
  };

  const drawLimits = ({ ctx, bbox, valToPos, limits }) => {
    ctx.save();
    ctx.strokeStyle = colourOf("bad");
    ctx.fillStyle = colourOf("bad");
    ctx.lineWidth = devicePixelRatio;
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const limit of limits) {
      const y = valToPos(limit, "y", true);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.fillText(`${limit} %`, bbox.left + 4 * devicePixelRatio, y - 4 * devicePixelRatio);
    }
    ctx.restore();
  };

  const showTip = (chart, tip, labels, series) => {
    const { idx, left } = chart.cursor;
    tip.hidden = idx === null || idx === undefined || left < 0;
    if (tip.hidden) return;
    const rows = series.map(({ label, colour, texts }) => {
      const row = make("div");
      row.append(make("span", `key ${colour}`), label, make("b", "", texts[idx]));
      return row;
    });
    tip.replaceChildren(make("strong", "", labels[idx]), ...rows);
    const isRight = left > chart.over.clientWidth / 2;
    tip.style.left = isRight ? "" : `${left + 14}px`;
    tip.style.right = isRight ? `${chart.over.clientWidth - left + 14}px` : "";
  };

  const drawAll = () => {
    const holders = [...document.querySelectorAll("[data-table]")];
    if (!window.uPlot || !holders.length) return;
    const charts = new Map(holders.map((holder) => [holder, drawChart(holder)]));
    const observer = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        charts.get(target).setSize({ width: target.clientWidth, height: CHART_HEIGHT });
      }
    });
    for (const holder of holders) observer.observe(holder);
    // Colours are drawn, so they do not follow by themselves.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const [holder, chart] of charts) {
        chart.destroy();
        charts.set(holder, drawChart(holder));
      }
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
    drawAll();
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
