// Draws the figures in the page's own colours, again whenever the colour scheme changes or the page is printed.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const root = document.documentElement;
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  function themed(layout) {
    const own = structuredClone(layout);
    const text = css("--text"), grid = css("--line");
    own.font = { ...own.font, color: text, family: css("--sans"), size: 13 };
    own.hoverlabel = { bgcolor: css("--raised"), bordercolor: grid, font: { color: text, family: css("--sans") } };
    for (const key of Object.keys(own).filter((k) => /^[xy]axis/.test(k))) {
      own[key] = { ...own[key], gridcolor: grid, linecolor: css("--faint"), tickcolor: css("--faint") };
      if (own[key].title) own[key].title = { ...own[key].title, font: { size: 14 } };
    }
    return own;
  }

  function draw() {
    for (const box of document.querySelectorAll("[data-figure]")) {
      const { data, layout } = figures[box.dataset.figure];
      Plotly.react(box, data, themed(layout), { displayModeBar: false, displaylogo: false, responsive: true });
    }
  }

  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => {
    root.dataset.print = "";
    document.querySelectorAll("details").forEach((d) => { d.dataset.open = d.open; d.open = true; });
    draw();
  });
  addEventListener("afterprint", () => {
    delete root.dataset.print;
    document.querySelectorAll("details").forEach((d) => { d.open = d.dataset.open === "true"; });
    draw();
  });
})();
