// Charts of the examples' pages: thin wrappers of uPlot that follow light and dark, and the width of their place.
import uPlot from '/uplot/uPlot.esm.js';

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
/** A CSS color as the canvas takes it: `light-dark()` is resolved by an element that has it. */
function resolved(name) {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value || color(name);
}

/** One chart in `element`; `options(colors)` gives uPlot's options, without width and height. */
function chart(element, height, options) {
  let plot;
  let data = [[], []];
  const make = () => {
    plot?.destroy();
    const colors = {
      ink: resolved('--ink'),
      faint: resolved('--faint'),
      line: resolved('--line'),
      accent: resolved('--accent'),
      accent2: resolved('--accent-2'),
      card: resolved('--card'),
    };
    plot = new uPlot({ width: Math.max(200, element.clientWidth), height, ...options(colors) }, data, element);
  };
  make();
  new ResizeObserver(() => plot.setSize({ width: Math.max(200, element.clientWidth), height })).observe(element);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', make);
  return {
    set(next) {
      data = next;
      plot.setData(next);
    },
    remake: make,
  };
}

const axis = (colors, more) => ({
  stroke: colors.faint,
  grid: { stroke: colors.line, width: 1 },
  ticks: { stroke: colors.line, width: 1 },
  ...more,
});

/**
 * Bars with a label each. `set([['Midtown', 230], …])`.
 * @param {HTMLElement} element
 * @param {{ height?: number, label?: string, accent?: 'accent' | 'accent2', fill?: string }} [options]
 */
export function bars(element, { height = 220, label = 'count', accent = 'accent', fill } = {}) {
  let labels = [];
  const it = chart(element, height, (colors) => ({
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: (_, min, max) => [min - 0.6, max + 0.6] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      axis(colors, {
        grid: { show: false },
        // So many labels as have room beside each other.
        splits: (plot) => {
          const long = labels.some((l) => l.length > 6);
          const widest = long ? 3 : Math.max(1, ...labels.map((l) => l.length)) + 1;
          const step = Math.max(1, Math.ceil((labels.length * widest * 8) / plot.width));
          return labels.map((_, i) => i).filter((i) => i % step === 0);
        },
        values: (_, splits) => splits.map((i) => labels[i] ?? ''),
        rotate: labels.some((l) => l.length > 6) ? -45 : 0,
        size: labels.some((l) => l.length > 6) ? 96 : 36,
      }),
      axis(colors, { size: 68 }),
    ],
    series: [
      {},
      {
        label,
        fill: fill ?? colors[accent],
        stroke: 'transparent',
        paths: uPlot.paths.bars({ size: [0.8, 64] }),
        points: { show: false },
      },
    ],
  }));
  return {
    set(entries) {
      const next = entries.map(([name]) => String(name));
      const same = next.length === labels.length && next.every((l, i) => l === labels[i]);
      labels = next;
      it.set([next.map((_, i) => i), entries.map(([, value]) => Number(value))]);
      if (!same) it.remake();
    },
  };
}

/**
 * Lines over time or numbers. `set([[x…], [y1…], [y2…]])`; x is seconds since 1970 where `time` is true.
 * @param {HTMLElement} element
 * @param {{ height?: number, labels: readonly string[], time?: boolean }} options
 */
export function lines(element, { height = 240, labels, time = false }) {
  return chart(element, height, (colors) => ({
    scales: { x: { time }, y: { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 0) > 0 ? max * 1.08 : 1] } },
    axes: [axis(colors), axis(colors, { size: 68 })],
    series: [
      {},
      ...labels.map((label, i) => ({
        label,
        stroke: i === 0 ? colors.accent : colors.accent2,
        width: 2,
        points: { show: false },
      })),
    ],
  }));
}
