import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

/** A line of a chart. */
export interface Series {
  readonly label: string;
  /** Name of a custom property that holds its colour, for example `"--series-1"`. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  readonly format: (value: number) => string;
  /** Drawn on a second scale, at the right. */
  readonly isRight?: boolean;
  /** Distances that the marks of its scale may have, rising; default: round decimal numbers. */
  readonly markDistances?: readonly number[];
}

const HEIGHT_PX = 168;

/** Seconds between marks of time. There is a value a second, so what is finer would name each second several times. */
const TIME_MARK_DISTANCES = [1, 2, 5, 10, 15, 30, 60, 120];

/** The lines of the last minutes, with their latest values in words below: those who do not see the canvas read the legend. */
export function Chart(props: {
  readonly label: string;
  /** Seconds since the epoch, one for each value. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  /** Top of the left scale; default: as high as the values. */
  readonly max?: number;
}) {
  const { label, times, series, max } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const shape = series.map((line) => line.label).join("|");
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const created = new uPlot(optionsOf(element, series, max), dataOf(times, series), element);
    plot.current = created;
    const resizes = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resizes.observe(element);
    const redraw = (): void => created.redraw(false, true);
    const themes = new MutationObserver(redraw);
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", redraw);
    return () => {
      resizes.disconnect();
      themes.disconnect();
      system.removeEventListener("change", redraw);
      created.destroy();
    };
  }, [shape, max]);
  useEffect(() => plot.current?.setData(dataOf(times, series)), [times, series]);
  return (
    <figure class="chart" aria-label={`${label}, last five minutes`}>
      <div class="chart-canvas" ref={place} aria-hidden="true" />
      <figcaption>
        <ul class="legend">
          {series.map(({ label: name, color, values, format }) => {
            const latest = values.at(-1);
            return (
              <li key={name}>
                <span class="swatch" style={{ background: `var(${color})` }} />
                {name} <b>{latest === undefined || latest === null ? "–" : format(latest)}</b>
              </li>
            );
          })}
        </ul>
      </figcaption>
    </figure>
  );
}

function dataOf(times: readonly number[], series: readonly Series[]): uPlot.AlignedData {
  return [times as number[], ...series.map(({ values }) => values as (number | null)[])];
}

function optionsOf(element: HTMLElement, series: readonly Series[], max: number | undefined): uPlot.Options {
  const color = (name: string) => (): string => colorOf(element, name);
  const axis = (side: 1 | 3, scale: string, { format, markDistances }: Series): uPlot.Axis => ({
    scale,
    ...(markDistances === undefined ? {} : { incrs: [...markDistances] }),
    side,
    size: 58,
    font: "11px system-ui, sans-serif",
    stroke: color("--soft"),
    grid: { show: side === 3, stroke: color("--grid"), width: 1 },
    ticks: { show: false },
    space: 34,
    values: (_, values) => values.map((value) => (value === 0 ? "0" : format(value))),
  });
  const left = series.find(({ isRight }) => isRight !== true);
  const right = series.find(({ isRight }) => isRight === true);
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    padding: [8, right === undefined ? 28 : 0, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { time: true },
      left: { range: (_, __, high) => [0, max ?? roomAbove(high)] },
      ...(right === undefined
        ? {}
        : { right: { range: (_: uPlot, __: number, high: number) => [0, roomAbove(high)] } }),
    },
    axes: [
      {
        font: "11px system-ui, sans-serif",
        stroke: color("--soft"),
        grid: { show: false },
        ticks: { show: false },
        space: 70,
        incrs: TIME_MARK_DISTANCES,
        size: 26,
        values: (_, values) =>
          values.map((value) =>
            new Date(value * 1_000).toLocaleTimeString("en-GB", {
              hour: "2-digit",
              minute: "2-digit",
              second: "2-digit",
            }),
          ),
      },
      ...(left === undefined ? [] : [axis(3, "left", left)]),
      ...(right === undefined ? [] : [axis(1, "right", right)]),
    ],
    series: [
      {},
      ...series.map((line) => ({
        label: line.label,
        scale: line.isRight === true ? "right" : "left",
        stroke: color(line.color),
        width: 1.5,
        // A line needs two values; one between seconds that have none would not be seen.
        points: {
          show: true,
          size: 4,
          fill: color(line.color),
          filter: (plot: uPlot, index: number) => lonelyIn(plot.data[index] ?? []),
        },
        spanGaps: false,
      })),
    ],
  };
}

/** Where values stand that have no other beside them. */
function lonelyIn(values: ArrayLike<number | null | undefined>): number[] {
  const isThere = (at: number): boolean => typeof values[at] === "number";
  return Array.from(values, (_, at) => at).filter((at) => isThere(at) && !isThere(at - 1) && !isThere(at + 1));
}

/** An empty scale would have no height. */
function roomAbove(high: number | null): number {
  return high === null || high <= 0 ? 1 : high * 1.1;
}

/** What a custom property means now: the computed value of the property itself may still hold both themes. */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
