// What a page must not do to its readers. Each check returns what is wrong, in words.
const checks = (() => {
  const every = (selector, root = document) => [...root.querySelectorAll(selector)];
  const told = element => `${element.tagName} .${element.className} "${element.textContent.trim().slice(0, 60)}"`;
  const unseen = element => element.closest('.spoken') !== null
      || (element.closest('thead') !== null && getComputedStyle(element.closest('thead')).position === 'absolute');

  // The boxes of an element's own lines of text.
  const lines = element => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return [...range.getClientRects()].filter(box => box.width > 1 && box.height > 1);
  };
  const meet = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;

  const wider = () => {
    const width = document.documentElement.clientWidth;
    const wrong = every('body *').filter(element => !unseen(element))
        .filter(element => element.getBoundingClientRect().right > width + 0.5
            || element.getBoundingClientRect().left < -0.5
            || element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline'
                && element.clientWidth > 0)
        .map(told);
    const scroll = document.documentElement.scrollWidth;
    return scroll > width ? [`the page is ${scroll} wide in ${width}`, ...wrong] : wrong;
  };

  const labels = () => every('.sequence').flatMap(diagram => {
    const wrong = [];
    const boxes = [];
    for (const row of diagram.children) {
      const what = row.querySelector('.label');
      const texts = [...(what.querySelector('b') ? what.querySelectorAll('b, .bytes') : [what])];
      const step = row.querySelector('.step').getBoundingClientRect();
      for (const text of texts) {
        const found = lines(text);
        if (found.length === 0 || getComputedStyle(text).visibility !== 'visible') {
          wrong.push('unseen: ' + told(text));
        }
        if (found.some(box => box.left < step.left || box.right > step.right)) {
          wrong.push('beyond its lifelines: ' + told(text));
        }
      }
      const own = [texts.flatMap(lines)];
      every('.time', row).forEach(time => own.push(lines(time)));
      every('.shaft', row).forEach(shaft => own.push([shaft.getBoundingClientRect()]));
      own.forEach(set => boxes.push({row, set}));
    }
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => {
      if (a.set.some(one => b.set.some(other => meet(one, other)))) {
        wrong.push(`overlapping: ${told(a.row)} and ${told(b.row)}`);
      }
    }));
    return wrong;
  });

  const arrows = () => every('.sent, .received').filter(row => {
    const shaft = row.querySelector('.shaft').getBoundingClientRect();
    const head = getComputedStyle(row.querySelector('.shaft'), '::after');
    return shaft.width < 100 || (row.matches('.sent') ? head.right : head.left) !== '0px';
  }).map(told);

  const anchors = () => {
    const ids = every('[id]').map(element => element.id);
    return [
      ...every('[href]').map(link => link.getAttribute('href'))
          .filter(href => !href.startsWith('#') || document.getElementById(href.slice(1)) === null),
      ...ids.filter((id, i) => ids.indexOf(id) !== i),
      ...every('[aria-labelledby]').map(element => element.getAttribute('aria-labelledby'))
          .filter(id => document.getElementById(id) === null)];
  };

  const headings = () => {
    const levels = every('h1, h2, h3, h4, h5, h6').map(heading => Number(heading.tagName[1]));
    return levels.filter((level, i) => i === 0 ? level !== 1 : level === 1 || level > levels[i - 1] + 1);
  };

  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map(value => value / 255)
        .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const color = text => text.match(/[\d.]+/g).map(Number);
  const background = element => {
    for (let at = element; at !== null; at = at.parentElement) {
      const found = color(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) {
        return found;
      }
    }
    return [255, 255, 255];
  };

  // WCAG 2.2, 1.4.3: 4.5 to 1.
  const contrast = () => every('body *').filter(element => !unseen(element))
      .filter(element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()))
      .filter(element => {
        const [a, b] = [color(getComputedStyle(element).color), background(element)].map(luminance);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
      }).map(told);

  const small = () => every('body *').filter(element => lines(element).length && !unseen(element)
      && parseFloat(getComputedStyle(element).fontSize) < 12).map(told);

  const paper = () => luminance(background(document.body));

  return {wider, labels, arrows, anchors, headings, contrast, small, paper};
})();
