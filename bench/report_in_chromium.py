"""Opens reports in Chromium, wide and narrow, light and dark and printed, and fails on what a reader would trip over.

    python bench/report_in_chromium.py REPORT.html [...] [--shots DIR] [--axe axe.min.js]

Needs: Debian's `chromium` (or EOSIN_BROWSER), `playwright` in the Python that runs it; `--axe` the file of
npm's `axe-core`. Without a browser it says SKIPPED and ends with 0, with EOSIN_REQUIRED naming `chromium` with 1.

Fails on: a message on the console, an error of the page, a request to anywhere, a page wider than the screen, an
element that reaches beyond the screen outside a box that scrolls, a violation that axe-core finds (WCAG 2.1 A and
AA, contrast among them; contrast also by the checker below, without axe), details that are closed when printed,
links to nowhere, a file of more than 3 MB, a PDF of no pages.
"""
import argparse
import os
import pathlib
import re
import shutil
import sys

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
WIDTHS = {"wide": (1280, 800), "narrow": (390, 844)}
MOST_BYTES = 3_000_000

# Elements that reach beyond the screen, unless a box that scrolls (or hides) holds them.
BEYOND = """() => {
  const width = document.documentElement.clientWidth, found = [];
  for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || (box.right <= width + 0.5 && box.left >= -0.5)) continue;
    let held = false;
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
      const over = getComputedStyle(at).overflowX;
      if (over === 'auto' || over === 'scroll' || over === 'hidden') { held = true; break; }
    }
    if (!held) found.push(`${element.tagName}.${element.getAttribute('class') || ''} ${Math.round(box.left)}..${Math.round(box.right)} "${(element.textContent || '').trim().slice(0, 40)}"`);
  }
  return { page: document.documentElement.scrollWidth, screen: width, found };
}"""

# Text whose colour is too near the one behind it.
CONTRAST = """() => {
  const parse = text => { const m = text.match(/rgba?\\(([^)]+)\\)/); if (m) { const p = m[1].split(/[ ,/]+/).map(Number); return [p[0], p[1], p[2], p[3] === undefined ? 1 : p[3]]; }
    const s = text.match(/color\\(srgb ([^)]+)\\)/); if (s) { const p = s[1].split(/[ /]+/).map(Number); return [p[0]*255, p[1]*255, p[2]*255, p[3] === undefined ? 1 : p[3]]; } return [0,0,0,0]; };
  const over = (a, b) => { const t = a[3]; return [0,1,2].map(i => a[i]*t + b[i]*(1-t)).concat([1]); };
  const lum = c => { const v = c.slice(0,3).map(x => { x /= 255; return x <= 0.03928 ? x/12.92 : ((x+0.055)/1.055)**2.4; }); return 0.2126*v[0]+0.7152*v[1]+0.0722*v[2]; };
  const behind = element => { const stack = []; for (let at = element; at; at = at.parentElement) { const c = parse(getComputedStyle(at).backgroundColor); stack.push(c); if (c[3] >= 1) break; } let base = [255,255,255,1]; for (const c of stack.reverse()) base = over(c, base); return base; };
  const found = new Map(); let checked = 0;
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.getBoundingClientRect().width === 0) continue;
    const style = getComputedStyle(element), svg = element instanceof SVGElement;
    let ink = parse(svg ? style.fill : style.color); const paper = behind(svg ? element.closest('figure') : element);
    ink = over([ink[0], ink[1], ink[2], ink[3] * Number(style.opacity)], paper);
    const [a, b] = [lum(ink), lum(paper)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const px = parseFloat(style.fontSize), large = px >= 24 || (px >= 18.66 && Number(style.fontWeight) >= 700);
    checked += 1;
    if (ratio < (large ? 3 : 4.5)) found.set(`${element.tagName}.${element.getAttribute('class') || ''} ${ratio.toFixed(2)}`, element.textContent.trim().slice(0, 30));
  }
  return { checked, found: [...found].map(([k, v]) => `${k} "${v}"`) };
}"""

LINKS = """() => [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1)).filter(id => !document.getElementById(id))"""

# What of folded-away parts a printer would see: as high as what is in it, or nearly nothing.
FOLDED = """() => [...document.querySelectorAll('details:not([open])')].map(d => {
  const inside = [...d.children].find(c => c.tagName !== 'SUMMARY');
  return inside && inside.getBoundingClientRect().height < 1 ? d.querySelector('summary').textContent : null; }).filter(Boolean)"""


def browser():
    named = os.environ.get("EOSIN_BROWSER")
    return named or next((found for found in map(shutil.which, NAMES) if found), None)


def look(page, how, faults, axe):
    seen = page.evaluate(BEYOND)
    if seen["page"] > seen["screen"]:
        faults.append(f"{how}: the page is {seen['page']} px wide on a screen of {seen['screen']}")
    faults += [f"{how}: beyond the screen: {one}" for one in seen["found"][:8]]
    contrast = page.evaluate(CONTRAST)
    assert contrast["checked"] > 50, "the checker of contrast saw no text"
    faults += [f"{how}: contrast: {one}" for one in contrast["found"][:8]]
    if axe:
        # As the page forbids scripts, this goes in by the debugger, not by the page.
        page.evaluate(axe)
        found = page.evaluate("() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })")
        assert len(found["passes"]) > 5, "axe looked at nothing"
        for one in found["violations"]:
            faults.append(f"{how}: axe {one['id']}: {one['nodes'][0]['target']} ({len(one['nodes'])} of it)")


def check(chromium, path, shots, axe):
    faults, size = [], path.stat().st_size
    if size > MOST_BYTES:
        faults.append(f"{size} bytes, more than {MOST_BYTES}")
    name = path.parent.name + "-" + path.stem
    for scheme in ("light", "dark"):
        for width, (w, h) in WIDTHS.items():
            context = chromium.new_context(viewport={"width": w, "height": h}, color_scheme=scheme, bypass_csp=False)
            page = context.new_page()
            how = f"{width} {scheme}"
            page.on("console", lambda told: faults.append(f"{how}: console: {told.text}"))
            page.on("pageerror", lambda error: faults.append(f"{how}: error: {error}"))
            page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or faults.append(f"{how}: asks {asked.url}"))
            page.goto(path.absolute().as_uri())
            if scheme == "light" and width == "wide":
                faults += [f"link to nowhere: #{one}" for one in page.evaluate(LINKS)]
                if shots:
                    page.screenshot(path=shots / f"{name}-{width}-{scheme}-one.png")
            elif shots:
                page.screenshot(path=shots / f"{name}-{width}-{scheme}-one.png")
            # Folded-away parts are looked at, too.
            page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
            look(page, how, faults, axe)
            if shots:
                page.screenshot(path=shots / f"{name}-{width}-{scheme}.png", full_page=True)
            context.close()
    pages = printed(chromium, path, faults, shots, name)
    return faults, size, pages


def printed(chromium, path, faults, shots, name):
    page = chromium.new_page(viewport={"width": 718, "height": 1040})
    page.goto(path.absolute().as_uri())
    page.emulate_media(media="print", color_scheme="light")
    faults += [f"printed: folded away: {one}" for one in page.evaluate(FOLDED)]
    seen = page.evaluate(BEYOND)
    faults += [f"printed: beyond the paper: {one}" for one in seen["found"][:8]]
    if shots:
        page.screenshot(path=shots / f"{name}-print.png", full_page=True)
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    if shots:
        (shots / f"{name}.pdf").write_bytes(pdf)
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    if not pdf.startswith(b"%PDF-") or pages == 0:
        faults.append("printed: no pages")
    page.close()
    return pages


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("reports", nargs="+", type=pathlib.Path)
    arguments.add_argument("--shots", type=pathlib.Path)
    arguments.add_argument("--axe", type=pathlib.Path)
    asked = arguments.parse_args()
    found = browser()
    if found is None:
        print("SKIPPED: no Chromium is on the PATH and EOSIN_BROWSER names none; no report was looked at")
        return 1 if "chromium" in os.environ.get("EOSIN_REQUIRED", "") else 0
    from playwright.sync_api import sync_playwright

    if asked.shots:
        asked.shots.mkdir(parents=True, exist_ok=True)
    axe = asked.axe.read_text() if asked.axe else None
    if axe is None:
        print("axe-core was not given: contrast is checked, the rest of WCAG is not")
    bad = 0
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for path in asked.reports:
            faults, size, pages = check(chromium, path, asked.shots, axe)
            print(f"{path}: {size / 1e6:.2f} MB, {pages} pages printed, {len(faults)} faults (Chromium {chromium.version})")
            for fault in faults:
                print("  " + fault)
            bad += len(faults)
        chromium.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
