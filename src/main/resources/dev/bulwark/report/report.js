'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const quantity = data.quantity || 'accuracy';
  const byId = id => document.getElementById(id);

  // ---- elements: text goes in as text, never as markup ----

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== null) element.setAttribute(name, value);
    }
    element.append(...children.filter(child => child !== null && child !== undefined));
    return element;
  }
  const html = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
  const svg = (name, attributes = {}, ...children) =>
    fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);

  // ---- theme: the system's, until the reader chooses one ----

  const THEMES = ['auto', 'light', 'dark'];
  const theme = byId('theme');

  function showTheme(name) {
    if (name === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.textContent = 'Theme: ' + name;
    theme.value = name;
  }

  function remembered() {
    try { return localStorage.getItem('bulwark-theme'); } catch { return null; } // a file may have no storage
  }

  theme.hidden = false;
  showTheme(THEMES.includes(remembered()) ? remembered() : 'auto');
  theme.addEventListener('click', () => {
    const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
    showTheme(next);
    try { localStorage.setItem('bulwark-theme', next); } catch { /* then the choice is not remembered */ }
  });

  // ---- charts ----

  const MARGIN = {left: 44, right: 14, top: 10, bottom: 42};

  /** Even steps of 1, 2 or 5 times a power of ten, about `count` of them. */
  function ticks(max, count) {
    const rough = max / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map(k => k * power).find(s => s >= rough);
    return Array.from({length: Math.floor(max / step + 1e-9) + 1}, (_, k) => k * step);
  }

  function marker(shape, x, y, size = 4.2) {
    const s = size * 1.1, d = size * 1.35;
    switch (shape) {
      case 1: return svg('rect', {class: 'point', x: x - size * .9, y: y - size * .9, width: size * 1.8, height: size * 1.8});
      case 2: return svg('path', {class: 'point', d: `M${x} ${y - d}L${x + d} ${y}L${x} ${y + d}L${x - d} ${y}Z`});
      case 3: return svg('path', {class: 'point', d: `M${x} ${y - d}L${x + d} ${y + s}H${x - d}Z`});
      case 'reported': return svg('path', {class: 'cross', d: `M${x - s} ${y - s}l${2 * s} ${2 * s}M${x - s} ${y + s}l${2 * s} ${-2 * s}`});
      default: return svg('circle', {class: 'point', cx: x, cy: y, r: size});
    }
  }

  function legend(entries) {
    return html('ul', {class: 'legend'}, ...entries.map(({name, kind, shape, line = '', solid = true}) => {
      const sample = svg('svg', {'aria-hidden': 'true', class: `k${kind}`},
        line === null ? null : svg('line', {class: 'curve ' + line, x1: 0, x2: 28, y1: 6, y2: 6}),
        shape === undefined ? null : svg('g', {class: solid ? 'solid' : ''}, marker(shape, 14, 6, 3.6)));
      return html('li', {}, sample, name);
    }));
  }

  /**
   * Draws a figure now and whenever its width changes. `draw(plot)` adds the content; `plot.x` and `plot.y` turn values
   * into positions.
   */
  function chart(id, {x, y, height, entries, draw, cursor}) {
    const figure = byId(id);
    if (!figure) return null;
    const host = figure.querySelector('.plot');
    host.before(legend(entries));
    const tip = html('div', {class: 'tip', hidden: ''});
    const state = {host, tip, redraw};
    let width = 0;

    function redraw() {
      width = host.clientWidth;
      const tall = Math.round(Math.max(240, Math.min(height, width * .68)));
      const right = width - MARGIN.right, bottom = tall - MARGIN.bottom;
      const limit = typeof y.max === 'function' ? y.max() : y.max;
      const low = y.min || 0;
      const plot = {
        left: MARGIN.left, right, top: MARGIN.top, bottom, width,
        x: v => MARGIN.left + (v - x.min) / (x.max - x.min) * (right - MARGIN.left),
        y: v => bottom - (v - low) / (limit - low) * (bottom - MARGIN.top),
        unx: px => x.min + (px - MARGIN.left) / (right - MARGIN.left) * (x.max - x.min),
      };
      plot.root = svg('svg', {viewBox: `0 0 ${width} ${tall}`, role: cursor ? 'presentation' : 'group'});
      axes(plot, x, y, low, limit);
      draw(plot, state);
      host.replaceChildren(plot.root, tip);
      state.plot = plot;
      if (cursor) cursor(state);
    }

    redraw();
    new ResizeObserver(() => { if (host.clientWidth !== width && host.clientWidth > 0) redraw(); }).observe(host);
    return state;
  }

  function axes(plot, x, y, low, limit) {
    const ys = (y.ticks || ticks(limit, 5)).filter(v => v >= low && v <= limit);
    for (const v of ys) {
      plot.root.append(svg('line', {class: 'grid', x1: plot.left, x2: plot.right, y1: plot.y(v), y2: plot.y(v)}),
        svg('text', {x: plot.left - 8, y: plot.y(v) + 4, 'text-anchor': 'end'}, String(+v.toFixed(4))));
    }
    plot.root.append(svg('path', {class: 'axis', d: `M${plot.left} ${plot.bottom}H${plot.right}`}));
    for (const {at, label} of x.ticks(plot.width)) {
      plot.root.append(svg('path', {class: 'axis', d: `M${plot.x(at)} ${plot.bottom}v5`}),
        svg('text', {x: plot.x(at), y: plot.bottom + 18, 'text-anchor': 'middle'}, label));
    }
    plot.root.append(svg('text', {x: (plot.left + plot.right) / 2, y: plot.bottom + 37, 'text-anchor': 'middle'}, x.title),
      svg('text', {transform: `translate(11 ${(plot.top + plot.bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle'}, y.title));
  }

  /** A tip near a position inside the figure; `lines` are [kind, name, value]. */
  function showTip({tip, plot}, px, py, title, lines) {
    tip.replaceChildren(html('b', {}, title), html('table', {role: 'presentation'}, html('tbody', {},
      ...lines.map(([kind, name, ...values]) => html('tr', {}, html('th', {class: kind === null ? null : `k${kind}`}, name),
        ...values.map(value => html('td', {}, value)))))));
    tip.hidden = false;
    const left = px + 14 + tip.offsetWidth > plot.width ? px - 14 - tip.offsetWidth : px + 14;
    tip.style.left = Math.max(0, Math.min(left, plot.width - tip.offsetWidth)) + 'px';
    tip.style.top = Math.max(0, py) + 'px';
  }

  const hide = state => { state.tip.hidden = true; };

  /** A point that shows its tip under the pointer and on focus. */
  function point(state, {kind, shape, solid = true, px, py, title, lines, plot}) {
    const spoken = title + ': ' + lines.map(line => line.slice(1).join(' ')).join('; ');
    const group = svg('g', {class: `k${kind}${solid ? ' solid' : ''}`, tabindex: 0, role: 'img', 'aria-label': spoken},
      svg('circle', {class: 'halo', cx: px, cy: py, r: 9}), marker(shape, px, py));
    const show = () => showTip({tip: state.tip, plot}, px, py + 12, title, lines);
    group.addEventListener('pointerenter', show);
    group.addEventListener('focus', show);
    group.addEventListener('pointerleave', () => hide(state));
    group.addEventListener('blur', () => hide(state));
    plot.root.append(group);
  }

  /**
   * Makes a figure a slider over its horizontal axis, for pointers and keys. `at(value)` says what is there:
   * {title, lines, spots}; `stops` are the values that keys go through.
   */
  function slide(label, stops, start, at, chosen) {
    let k = start;
    let armed = false;
    return state => {
      const {host, plot} = state;
      const line = svg('line', {class: 'cursor', y1: plot.top, y2: plot.bottom, visibility: 'hidden'});
      const spots = svg('g', {'aria-hidden': 'true'});
      plot.root.append(line, spots);

      function show(index) {
        k = Math.max(0, Math.min(stops.length - 1, index));
        const found = at(stops[k]);
        const px = plot.x(stops[k]);
        line.setAttribute('x1', px);
        line.setAttribute('x2', px);
        line.setAttribute('visibility', 'visible');
        spots.replaceChildren(...found.spots.map(({kind, y}) =>
          svg('circle', {class: `point k${kind}`, cx: px, cy: plot.y(y), r: 3.5})));
        speak(found);
        showTip(state, px, plot.top, found.title, found.lines);
      }

      function speak(found) {
        fill(host, {'aria-valuenow': stops[k], 'aria-valuetext':
          found.title + ': ' + found.lines.map(([, ...words]) => words.join(' ')).join('; ')}, []);
      }

      function leave() {
        if (document.activeElement === host) return;
        line.setAttribute('visibility', 'hidden');
        spots.replaceChildren();
        hide(state);
      }

      const nearest = event => {
        const value = plot.unx((event.clientX - plot.root.getBoundingClientRect().left)
          * plot.width / plot.root.getBoundingClientRect().width);
        return stops.reduce((best, stop, i) => Math.abs(stop - value) < Math.abs(stops[best] - value) ? i : best, 0);
      };
      plot.root.addEventListener('pointermove', event => show(nearest(event)));
      plot.root.addEventListener('pointerleave', leave);
      plot.root.addEventListener('click', event => { show(nearest(event)); if (chosen) chosen(stops[k]); });

      state.show = show;
      state.leave = leave;
      if (armed) return;
      armed = true;
      fill(host, {tabindex: 0, role: 'slider', 'aria-label': label, 'aria-valuemin': stops[0],
        'aria-valuemax': stops[stops.length - 1]}, []);
      speak(at(stops[k]));
      const far = Math.max(1, Math.round(stops.length / 20));
      const keys = {ArrowRight: () => k + 1, ArrowUp: () => k + 1, ArrowLeft: () => k - 1, ArrowDown: () => k - 1,
        PageUp: () => k + far, PageDown: () => k - far, Home: () => 0, End: () => stops.length - 1};
      host.addEventListener('keydown', event => {
        if (event.key === 'Escape') hide(state);
        if (!(event.key in keys) || event.target !== host) return;
        event.preventDefault();
        state.show(keys[event.key]());
        if (chosen) chosen(stops[k]);
      });
      host.addEventListener('focus', () => { if (host.matches(':focus-visible')) state.show(k); });
      host.addEventListener('blur', () => state.leave());
    };
  }

  // ---- certified accuracy against radius ----

  /** Images certified at radius r: steps are [radius, images certified at it], ascending. */
  function hits(curve, r) {
    let low = 0, high = curve.steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (curve.steps[middle][0] >= r) high = middle; else low = middle + 1;
    }
    return low < curve.steps.length ? curve.steps[low][1] : 0;
  }

  /** In percent, rounded down: it is a guarantee. */
  const certified = (curve, r) => Math.floor(hits(curve, r) * 1000 / curve.images) / 10;
  const percent = value => value.toFixed(1) + '%';
  const furthest = curves => Math.max(...curves.map(curve => curve.steps[curve.steps.length - 1][0]), .25);

  function radiusAxis(max) {
    return {min: 0, max, title: 'L2 radius r', ticks: width => ticks(max, width < 500 ? 4 : 8)
      .map(at => ({at, label: at.toFixed(2)}))};
  }

  function stepPath(curve, plot) {
    let path = `M${plot.x(0)} ${plot.y(100 * curve.steps[0][1] / curve.images)}`;
    for (const [radius, count] of curve.steps) {
      path += `V${plot.y(100 * count / curve.images).toFixed(2)}H${plot.x(radius).toFixed(2)}`;
    }
    return path + `V${plot.y(0)}`;
  }

  function drawCurves(curves) {
    const end = Math.ceil(furthest(curves) * 4) / 4;
    const stops = Array.from({length: Math.round(end * 100) + 1}, (_, k) => k / 100);
    chart('curves', {
      height: 460, x: radiusAxis(end), y: {max: 100, title: `Certified ${quantity} (%)`},
      entries: curves.map(curve => ({name: curve.name, kind: curve.kind, line: curve.line, shape: curve.kind})),
      draw: plot => {
        for (const curve of curves) {
          const group = svg('g', {class: `k${curve.kind} solid`}, svg('path', {class: 'curve ' + (curve.line || ''), d: stepPath(curve, plot)}));
          for (const r of [.25, .5, 1]) {
            if (certified(curve, r) > 0) group.append(marker(curve.kind, plot.x(r), plot.y(100 * hits(curve, r) / curve.images), 3.8));
          }
          plot.root.append(group);
        }
      },
      cursor: slide(`Certified ${quantity} against L2 radius`, stops, 50, r => ({
        title: 'r = ' + r.toFixed(2),
        lines: curves.map(curve => [curve.kind, curve.name, percent(certified(curve, r)), `${hits(curve, r)} of ${curve.images}`]),
        spots: curves.map(curve => ({kind: curve.kind, y: 100 * hits(curve, r) / curve.images})),
      }), setRadius),
    });
  }

  // ---- the trade-off at one radius ----

  let radius = .5;
  let setRadius = () => {};

  const names = list => ({min: -.5, max: list.length - .5, ticks: () => list.map((label, at) => ({at, label}))});

  function drawTradeoff(curves, tables) {
    const slider = byId('radius');
    if (!slider) return;
    slider.max = (Math.ceil(furthest(curves) * 4) / 4).toFixed(2);
    const choices = ['0.25', '0.50', '1.00'].map(text => {
      const button = html('button', {type: 'button', 'aria-pressed': 'false'}, text);
      button.addEventListener('click', () => setRadius(Number(text)));
      return button;
    });
    byId('radii').append(...choices);
    const table = curve => (tables.find(row => row.sigma === curve.sigma) || {})[radius.toFixed(2)] || {};

    const state = chart('tradeoff', {
      height: 330, x: {...names(curves.map(curve => curve.sigma)), title: 'Noise σ'}, y: {max: 100, title: `Certified ${quantity} (%)`},
      entries: [{name: 'measured', kind: 0, shape: 0}{{entries}}],
      draw: (plot, self) => {
        const line = curves.map((curve, k) => `${k ? 'L' : 'M'}${plot.x(k)} ${plot.y(certified(curve, radius))}`).join('');
        plot.root.append(svg('g', {class: 'k0'}, svg('path', {class: 'curve', d: line})));
        curves.forEach((curve, k) => {
          const stated = table(curve);
          const lines = [[0, 'measured', percent(certified(curve, radius)), `${hits(curve, radius)} of ${curve.images}`]];
          if (stated.lower !== undefined) lines.push([null, '95% interval', `${stated.lower} to ${stated.upper}`]);
          if (stated.reported !== undefined) lines.push([1, '{{tried}}', stated.reported + '%', stated.objection ? 'impossible' : '']);
          if (stated.published !== undefined) lines.push([2, '{{compared}}', stated.published + '%']);
          const common = {px: plot.x(k), title: `${curve.name}, r = ${radius.toFixed(2)}`, lines, plot};
          if (stated.published !== undefined) point(self, {...common, kind: 2, shape: 0, solid: false, py: plot.y(stated.published)});
          if (stated.reported !== undefined) point(self, {...common, kind: 1, shape: 'reported', py: plot.y(stated.reported)});
          point(self, {...common, kind: 0, shape: 0, py: plot.y(certified(curve, radius))});
        });
      },
    });

    setRadius = r => {
      radius = Math.min(r, Number(slider.max));
      slider.value = radius;
      const best = curves.reduce((a, b) => certified(b, radius) > certified(a, radius) ? b : a);
      byId('radius-value').textContent = radius.toFixed(2);
      slider.setAttribute('aria-valuetext', `r = ${radius.toFixed(2)}: ` + (certified(best, radius) > 0
        ? `${best.name} certifies most, ${percent(certified(best, radius))}` : 'nothing is certified'));
      choices.forEach(button => button.setAttribute('aria-pressed', String(Number(button.textContent) === radius)));
      state.redraw();
    };
    slider.addEventListener('input', () => setRadius(Number(slider.value)));
    setRadius(.5);
  }

  function drawAbstention(tables) {
    const rows = tables.map(row => ({sigma: row.sigma, ...row.abstain}));
    const top = Math.max(...rows.map(row => Math.max(row.upper || 0, row.reported || 0, row.published || 0)), 1);
    chart('abstention', {
      height: 280, x: {...names(rows.map(row => row.sigma)), title: 'Noise σ'}, y: {max: top * 1.08, title: 'Abstentions (%)'},
      entries: [{name: 'measured', kind: 0, shape: 0, line: null}{{entries}}],
      draw: (plot, self) => rows.forEach((row, k) => {
        const lines = [];
        if (row.measured !== undefined) lines.push([0, 'measured', row.measured.toFixed(1) + '%', `${row.hits} of ${row.images}`],
          [null, '95% interval', `${row.lower} to ${row.upper}`]);
        if (row.reported !== undefined) lines.push([1, '{{tried}}', row.reported + '%', row.objection ? 'implausible' : '']);
        if (row.published !== undefined) lines.push([2, '{{compared}}', row.published + '%']);
        const common = {title: `σ = ${row.sigma}`, lines, plot};
        const px = plot.x(k);
        if (row.published !== undefined) point(self, {...common, kind: 2, shape: 0, solid: false, px: px + 16, py: plot.y(row.published)});
        if (row.reported !== undefined) point(self, {...common, kind: 1, shape: 'reported', px, py: plot.y(row.reported)});
        if (row.measured !== undefined) {
          plot.root.append(svg('g', {class: 'k0'}, svg('path', {class: 'whisker',
            d: `M${px} ${plot.y(row.lower)}V${plot.y(row.upper)}m-4 0h8M${px - 4} ${plot.y(row.lower)}h8`})));
          point(self, {...common, kind: 0, shape: 0, px, py: plot.y(row.measured)});
        }
      }),
    });
  }

  // ---- the gap ----

  const SERIES = [
    {key: 'clean_accuracy', name: 'clean', kind: 4, shape: 0}, {key: 'pgd_accuracy', name: `${data.pgd} (empirical)`, kind: 1, shape: 1, line: 'dashed'},
    {key: 'ibp_certified', name: 'IBP, last layer elided', kind: 0, shape: 2}, {key: 'ibp_certified_by_box', name: 'IBP by box', kind: 3, shape: 3},
  ];

  function drawGap(rows) {
    const series = SERIES.map(one => ({...one, points: rows.filter(row => row[one.key].measured !== undefined)
      .map(row => ({epsilon: Number(row.epsilon), ...row[one.key]}))})).filter(one => one.points.length > 0);
    const all = rows.map(row => Number(row.epsilon));
    const lowest = Math.min(...series.flatMap(one => one.points.flatMap(p => [p.measured, p.reported ?? 100])));
    const min = Math.max(0, Math.floor((lowest - 5) / 10) * 10);
    const path = (points, plot) => points.map((p, k) => `${k ? 'L' : 'M'}${plot.x(p.epsilon)} ${plot.y(p.measured)}`).join('');
    chart('gap', {
      height: 440, y: {min, max: 100, title: `${capital(quantity)} (%)`},
      x: {min: 0, max: Math.max(...all) * 1.06, title: 'L∞ radius ε', ticks: () => all.map(at => ({at, label: at.toFixed(2)}))},
      entries: [...series.map(({name, kind, shape, line}) => ({name, kind, shape, line})){{entry}}],
      draw: plot => {
        const [pgd, ibp] = ['pgd_accuracy', 'ibp_certified'].map(key => series.find(one => one.key === key));
        if (pgd && ibp) {
          plot.root.append(svg('path', {class: 'band', d: path(pgd.points, plot)
            + [...ibp.points].reverse().map(p => `L${plot.x(p.epsilon)} ${plot.y(p.measured)}`).join('') + 'Z'}));
        }
        for (const one of series) {
          plot.root.append(svg('g', {class: `k${one.kind} solid`}, svg('path', {class: 'curve ' + (one.line || ''), d: path(one.points, plot)}),
            ...one.points.map(p => marker(one.shape, plot.x(p.epsilon), plot.y(p.measured)))));
          plot.root.append(svg('g', {class: `k${one.kind}`}, ...one.points.filter(p => p.reported !== undefined && p.reported >= min)
            .map(p => marker('reported', plot.x(p.epsilon) + 10, plot.y(p.reported), 3.2))));
        }
      },
      cursor: slide('Figures at each epsilon', all, 0, epsilon => {
        const row = rows.find(one => Number(one.epsilon) === epsilon);
        const here = series.filter(one => row[one.key].measured !== undefined);
        return {
          title: `ε = ${row.epsilon}, ${row.images} images`,
          lines: [[null, '', 'measured', 'report', 'published'], ...here.map(one => [one.kind, one.name, row[one.key].measured.toFixed(1) + '%',
            row[one.key].reported === undefined ? '' : row[one.key].reported + '%',
            row[one.key].published === undefined ? '' : row[one.key].published + '%']),
          ...(row.pgd_gap.measured === undefined ? [] : [[null, 'gap', row.pgd_gap.measured.toFixed(1), String(row.pgd_gap.reported ?? '')]])],
          spots: here.map(one => ({kind: one.kind, y: row[one.key].measured})),
        };
      }),
    });
  }

  // ---- images ----

  const levels = picture => Uint8Array.from(atob(picture.levels), c => c.charCodeAt(0));

  /** Red, green and blue of pixel k: three channels are these, any other number is shown in grey as its mean. */
  function colour(gallery, bytes, k, area) {
    const channels = Array.from({length: gallery.channels}, (_, c) => bytes[c * area + k]);
    const mean = channels.reduce((a, b) => a + b, 0) / channels.length;
    return channels.length === 3 ? channels : [mean, mean, mean];
  }

  function canvas(gallery, bytes, label) {
    const element = html('canvas', {width: gallery.width, height: gallery.height, role: 'img', 'aria-label': label});
    const context = element.getContext('2d');
    const pixels = context.createImageData(gallery.width, gallery.height);
    const area = gallery.width * gallery.height;
    for (let k = 0; k < area; ++k) pixels.data.set([...colour(gallery, bytes, k, area), 255], 4 * k);
    context.putImageData(pixels, 0, 0);
    return element;
  }

  const REASONS = {largest_radius: 'largest radius', smallest_radius: 'smallest radius', abstained: 'abstention', misclassified: 'most certain mistake'};

  const capital = text => text[0].toUpperCase() + text.slice(1);
  /** An image of a class: a 7 where classes are digits, else class 7. */
  const classOf = (gallery, label) => gallery.digits ? `a ${label}` : `class ${label}`;
  const said = view => view.predict === undefined ? 'no row' : view.predict === -1 ? 'abstains' : `says ${view.predict}`;
  const reach = view => view.predict === undefined || view.predict === -1 ? '' : `r = ${view.radius}`;

  function exhibit(title, parts, detail) {
    const button = html('button', {type: 'button', 'aria-haspopup': 'dialog'}, html('span', {class: 'what'}, title),
      html('span', {class: 'strip'}, ...parts));
    button.addEventListener('click', () => {
      byId('exhibit-title').textContent = title;
      byId('exhibit-body').replaceChildren(html('div', {class: 'strip'}, ...detail()));
      byId('exhibit').showModal();
    });
    return html('li', {}, button);
  }

  function frame(gallery, bytes, label, ...lines) {
    return html('span', {}, canvas(gallery, bytes, label), ...lines.map(line => typeof line === 'string' ? html('div', {}, line) : line));
  }

  function votes(view) {
    const total = view.counts.reduce((a, b) => a + b, 0) || 1;
    const top = view.counts.map((count, c) => [count, c]).filter(([count]) => count > 0).sort((a, b) => b[0] - a[0]).slice(0, 4);
    return html('div', {class: 'votes', 'aria-label': 'votes'}, ...top.flatMap(([count, c]) => {
      const bar = html('i', {class: c === view.predict ? 'said' : null});
      bar.style.width = 100 * count / total + '%';
      return [html('span', {}, String(c)), bar, html('span', {}, count.toLocaleString('en'))];
    }));
  }

  function drawSmoothed(gallery) {
    byId('smoothed').append(...gallery.smoothed.map(image => {
      const title = `${capital(classOf(gallery, image.label))}: ${REASONS[image.reason]} at σ = ${image.at}`;
      const plain = () => frame(gallery, levels(image.image), `test image ${image.index}, ${classOf(gallery, image.label)}`,
        html('b', {}, 'image'), `no. ${image.index}`);
      const noisy = (view, ...more) => frame(gallery, levels(view.picture), `the same image under noise of sigma ${view.sigma}`,
        html('b', {}, `σ = ${view.sigma}`), said(view), reach(view), ...more);
      return exhibit(title, [plain(), ...image.views.map(view => noisy(view))], () => [plain(), ...image.views.map(view =>
        noisy(view, view.vote === -1 ? 'this copy: no vote' : `this copy: vote for ${view.vote}`, view.counts ? votes(view) : null))]);
    }));
  }

  function drawAttacked(gallery) {
    if (!byId('attacked')) return;
    byId('attacked').append(...gallery.attacked.map(image => {
      const before = levels(image.image), after = levels(image.adversarial);
      const epsilon = Number(image.epsilon);
      const change = after.map((level, k) => Math.max(0, Math.min(255, Math.round(127.5 + (level - before[k]) / (2 * epsilon)))));
      const title = `${capital(classOf(gallery, image.label))} taken for ${classOf(gallery, image.to)} at ε = ${image.epsilon}`;
      const parts = () => [
        frame(gallery, before, `test image ${image.index}, ${classOf(gallery, image.label)}`, html('b', {}, `says ${image.label}`), `no. ${image.index}`),
        frame(gallery, after, `adversarial image, taken for ${classOf(gallery, image.to)}`, html('b', {}, `says ${image.to}`), `L∞ ${image.linf}`),
        frame(gallery, change, 'the change, magnified', html('b', {}, 'change'))];
      return exhibit(title, parts(), parts);
    }));
  }

  // ---- the page ----

  // Closed details can't be opened on paper.
  addEventListener('beforeprint', () => document.querySelectorAll('section:not(#provenance) details').forEach(one => { one.open = true; }));

  const curves = data.curves || [];
  if (curves.length > 0) {
    drawTradeoff(curves, data.smoothing || []);
    drawCurves(curves);
  }
  if (data.smoothing) drawAbstention(data.smoothing);
  if (data.bounds) drawGap(data.bounds);
  if (data.gallery) {
    drawSmoothed(data.gallery);
    drawAttacked(data.gallery);
    const dialog = byId('exhibit');
    dialog.querySelector('.close').addEventListener('click', () => dialog.close());
    dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
  }
})();
