// Draws the dashboard's charts with ECharts. The same figures stand in tables beside them, for screen readers and for whoever has
// no scripts; the charts themselves are hidden from screen readers.

(function () {
  "use strict";
  var COLOURS = ["#1f6f54", "#d98c00", "#8a9a93"];
  var INK = "#3c4a45";
  var drawn = [];

  function daily(data) {
    return {
      legend: { top: 0, textStyle: { color: INK } },
      grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
      xAxis: { type: "category", data: data.days, axisLabel: { color: INK } },
      yAxis: { type: "value", minInterval: 1, axisLabel: { color: INK } },
      series: data.series.map(function (one) {
        return { name: one.name, type: "bar", stack: "all", data: one.values, barMaxWidth: 46 };
      }),
    };
  }

  function bars(data) {
    var shown = data.slice().reverse(); // the axis counts from below
    return {
      grid: { left: 8, right: 46, top: 4, bottom: 4, containLabel: true },
      xAxis: { type: "value", minInterval: 1, axisLabel: { show: false }, splitLine: { show: false } },
      yAxis: { type: "category", data: shown.map(function (one) { return one.name; }), axisLabel: { color: INK }, axisTick: { show: false } },
      series: [{
        type: "bar",
        data: shown.map(function (one) { return one.value; }),
        barMaxWidth: 18,
        label: { show: true, position: "right", color: INK },
      }],
    };
  }

  function draw(place) {
    var data = JSON.parse(place.dataset.chart);
    var kind = place.dataset.kind;
    place.hidden = false;
    place.setAttribute("aria-hidden", "true");
    if (kind === "bars") place.classList.add(data.length > 6 ? "chart-tall" : "chart-low");
    var chart = window.echarts.init(place, null, { renderer: "canvas" });
    var option = kind === "daily" ? daily(data) : bars(data);
    option.color = COLOURS;
    option.animation = false;
    // Text drawn on the canvas: an HTML tooltip would need inline styles, which the pages forbid.
    option.tooltip = { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" } };
    chart.setOption(option);
    drawn.push(chart);
  }

  if (window.echarts) document.querySelectorAll(".chart").forEach(draw);
  window.addEventListener("resize", function () {
    drawn.forEach(function (chart) { chart.resize(); });
  });
})();
