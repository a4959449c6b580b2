//! A small writer of charts in SVG, inline in HTML (so without a namespace).
//!
//! Colours come from the style sheet: shapes carry classes such as `c0`, the page decides what that
//! looks like on screen and on paper.

use std::fmt::Write as _;

use crate::html::{each, escape};

/// The range, ticks and name of one axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) label: String,
    pub(crate) ticks: Vec<f64>,
    decimals: usize,
    unsigned: bool,
}

impl Axis {
    /// 0 to 1 in steps of 0.2.
    pub(crate) fn unit(label: &str) -> Self {
        let ticks = (0..=5).map(|fifth| f64::from(fifth) / 5.0).collect();
        Self {
            low: 0.0,
            high: 1.0,
            label: label.to_owned(),
            ticks,
            decimals: 1,
            unsigned: false,
        }
    }

    /// The values' range widened to round ticks (steps of 1, 2 or 5 times a power of ten).
    pub(crate) fn around(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (mut low, mut high) = finite
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), value| {
                (l.min(value), h.max(value))
            });
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < 1e-9 * high.abs().max(1.0) {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let step = round_step((high - low) / 4.0);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let mut ticks = vec![];
        let mut tick = first;
        while tick <= last {
            ticks.push(tick * step);
            tick += 1.0;
        }
        let decimals = (0..8)
            .find(|&decimals| step * 10_f64.powi(decimals) > 0.999)
            .unwrap_or(8);
        Self {
            low: first * step,
            high: last * step,
            label: label.to_owned(),
            ticks,
            decimals: usize::try_from(decimals).unwrap_or(0),
            unsigned: false,
        }
    }

    /// Whole numbers from `low` to `high`, labelled at round steps.
    pub(crate) fn whole(label: &str, low: u32, high: u32) -> Self {
        let high = high.max(low + 1);
        let step = round_step(f64::from(high - low) / 6.0).max(1.0);
        let ticks = (low..=high)
            .map(f64::from)
            .filter(|tick| tick.rem_euclid(step) < 1e-9)
            .collect();
        Self {
            low: low.into(),
            high: high.into(),
            label: label.to_owned(),
            ticks,
            decimals: 0,
            unsigned: false,
        }
    }

    /// Labels ticks without their sign, for bars that go both ways from zero.
    pub(crate) fn unsigned(self) -> Self {
        Self {
            unsigned: true,
            ..self
        }
    }

    fn tick_label(&self, tick: f64) -> String {
        // Adding zero turns -0 into 0.
        let tick = if self.unsigned {
            tick.abs()
        } else {
            tick + 0.0
        };
        format!("{tick:.*}", self.decimals)
    }
}

fn round_step(at_least: f64) -> f64 {
    let power = 10_f64.powf(at_least.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * power >= at_least * 0.999_999);
    factor.unwrap_or(10.0) * power
}

/// Outer size of a chart in its own units (pixels at full size).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Square charts such as ROC.
pub(crate) const SQUARE: Size = Size {
    width: 326.0,
    height: 316.0,
};
/// Charts that stand three in a row, such as histograms.
pub(crate) const MEDIUM: Size = Size {
    width: 326.0,
    height: 240.0,
};
/// Wide charts such as learning curves.
pub(crate) const WIDE: Size = Size {
    width: 500.0,
    height: 300.0,
};
/// Small multiples.
pub(crate) const SMALL: Size = Size {
    width: 240.0,
    height: 180.0,
};

const LEFT: f64 = 54.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 44.0;

/// A chart in the making.
pub(crate) struct Plot {
    size: Size,
    x: Axis,
    y: Axis,
    title: String,
    body: String,
}

impl Plot {
    /// An empty chart; `title` is what a screen reader says, plain text.
    pub(crate) fn new(size: Size, title: &str, x: Axis, y: Axis) -> Self {
        Self {
            size,
            x,
            y,
            title: escape(title),
            body: String::new(),
        }
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let width = self.size.width - LEFT - RIGHT;
        let height = self.size.height - TOP - BOTTOM;
        (
            LEFT + (x - self.x.low) / (self.x.high - self.x.low) * width,
            TOP + (self.y.high - y) / (self.y.high - self.y.low) * height,
        )
    }

    /// Straight lines through points; one that is not finite breaks the line.
    pub(crate) fn line(&mut self, points: &[(f64, f64)], class: &str) {
        for run in points.split(|(x, y)| !x.is_finite() || !y.is_finite()) {
            let path = self.path(run);
            if !path.is_empty() {
                self.push(&format!("<path class=\"line {class}\" d=\"{path}\"/>"));
            }
        }
    }

    /// Path commands through points. What nobody can see is left out to keep files small: points
    /// within a third of a pixel of the last one, and points inside a level or upright stretch.
    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut kept: Vec<(f64, f64)> = vec![];
        for (index, &point) in points.iter().enumerate() {
            let (x, y) = self.at(point);
            let near = kept
                .last()
                .is_some_and(|last| (x - last.0).hypot(y - last.1) < 0.33);
            if near && index + 1 < points.len() {
                continue;
            }
            let point = ((x * 10.0).round() / 10.0, (y * 10.0).round() / 10.0);
            if let [.., a, b] = kept[..]
                && runs_on(a, b, point)
            {
                kept.pop();
            }
            kept.push(point);
        }
        let mut path = String::new();
        for (index, (x, y)) in kept.into_iter().enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            write(&mut path, format_args!("{command}{x:.1} {y:.1}"));
        }
        path
    }

    /// A dot with a text on hover (plain text).
    pub(crate) fn dot(&mut self, point: (f64, f64), radius: f64, class: &str, hover: &str) {
        if !point.0.is_finite() || !point.1.is_finite() {
            return;
        }
        let (x, y) = self.at(point);
        let hover = escape(hover);
        self.push(&format!(
            "<circle class=\"dot {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\">\
             <title>{hover}</title></circle>"
        ));
    }

    /// A bar from `low` to `high` along x, between two heights, with a text on hover (plain text).
    pub(crate) fn bar(&mut self, x: (f64, f64), y: (f64, f64), class: &str, hover: &str) {
        let (left, top) = self.at((x.0, y.0.max(y.1)));
        let (right, bottom) = self.at((x.1, y.0.min(y.1)));
        let (width, height) = ((right - left - 1.0).max(0.5), bottom - top);
        let hover = escape(hover);
        self.push(&format!(
            "<rect class=\"bar {class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\"><title>{hover}</title></rect>"
        ));
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    /// The chart as a figure: its title over it, its legend below. `legend` pairs the style class of
    /// a swatch with a label (HTML).
    pub(crate) fn figure(self, legend: &[(String, String)]) -> String {
        let entries = each(legend, |(class, label)| {
            format!("<li><span class=\"swatch {class}\" aria-hidden=\"true\"></span>{label}</li>")
        });
        let legend = match legend {
            [] => String::new(),
            _ => format!("<ul class=\"legend\">{entries}</ul>\n"),
        };
        format!(
            "<figure>\n<figcaption>{}</figcaption>\n{}{legend}</figure>\n",
            self.title,
            self.svg(),
        )
    }

    /// The chart as an `svg` element.
    fn svg(&self) -> String {
        let Size { width, height } = self.size;
        format!(
            "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n\
             {frame}{body}</svg>\n",
            title = self.title,
            frame = self.frame(),
            body = self.body,
        )
    }

    fn frame(&self) -> String {
        let (left, bottom) = self.at((self.x.low, self.y.low));
        let (right, top) = self.at((self.x.high, self.y.high));
        let mut frame = String::new();
        for &tick in &self.y.ticks {
            let (_, y) = self.at((self.x.low, tick));
            let label = self.y.tick_label(tick);
            let (text_x, text_y) = (left - 7.0, y + 3.5);
            write(
                &mut frame,
                format_args!(
                    "<line class=\"grid\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"tick y\" x=\"{text_x:.1}\" y=\"{text_y:.1}\">{label}</text>\n"
                ),
            );
        }
        for &tick in &self.x.ticks {
            let (x, _) = self.at((tick, self.y.low));
            let label = self.x.tick_label(tick);
            let (mark, text_y) = (bottom + 4.0, bottom + 16.0);
            write(
                &mut frame,
                format_args!(
                    "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{bottom:.1}\" y2=\"{mark:.1}\"/>\
                 <text class=\"tick x\" x=\"{x:.1}\" y=\"{text_y:.1}\">{label}</text>\n"
                ),
            );
        }
        let (centre, middle) = (f64::midpoint(left, right), f64::midpoint(top, bottom));
        let (x_label, y_label) = (escape(&self.x.label), escape(&self.y.label));
        let label_y = bottom + 34.0;
        write(
            &mut frame,
            format_args!(
                "<line class=\"axis\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{bottom:.1}\" y2=\"{bottom:.1}\"/>\n\
             <text class=\"label\" x=\"{centre:.1}\" y=\"{label_y:.1}\">{x_label}</text>\n\
             <text class=\"label\" transform=\"translate(13 {middle:.1}) rotate(-90)\">{y_label}</text>\n"
            ),
        );
        frame
    }
}

/// Whether the way from `a` over `b` to `c` is level or upright and never turns back.
#[expect(clippy::float_cmp, reason = "coordinates are rounded to tenths alike")]
fn runs_on(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> bool {
    let level = a.1 == b.1 && b.1 == c.1 && (b.0 - a.0) * (c.0 - b.0) >= 0.0;
    let upright = a.0 == b.0 && b.0 == c.0 && (b.1 - a.1) * (c.1 - b.1) >= 0.0;
    level || upright
}

fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_enclose_the_values() {
        let axis = Axis::around("loss", [0.313, 0.692, 0.5]);
        assert_eq!(
            axis.ticks
                .iter()
                .map(|&t| axis.tick_label(t))
                .collect::<Vec<_>>(),
            ["0.3", "0.4", "0.5", "0.6", "0.7"]
        );
        assert!(axis.low <= 0.313 && axis.high >= 0.692);
        let flat = Axis::around("loss", [2.0, 2.0]);
        assert!(flat.low < 2.0 && flat.high > 2.0);
        let none = Axis::around("loss", [f64::NAN]);
        assert!(none.low < none.high);
    }

    #[test]
    fn a_point_that_is_not_finite_breaks_the_line_and_is_never_drawn() {
        let mut plot = Plot::new(WIDE, "t", Axis::unit("x"), Axis::unit("y"));
        let nan = f64::NAN;
        plot.line(
            &[(0.0, 0.0), (0.5, 0.5), (0.6, nan), (0.8, 0.2), (1.0, 1.0)],
            "c0",
        );
        plot.dot((0.5, nan), 3.0, "c0", "");
        let svg = plot.svg();
        assert_eq!(svg.matches("<path").count(), 2);
        assert!(!svg.contains("NaN") && !svg.contains("<circle"));
    }

    #[test]
    fn a_step_that_turns_back_keeps_its_corner() {
        assert!(runs_on((0.0, 1.0), (2.0, 1.0), (5.0, 1.0)));
        assert!(!runs_on((0.0, 1.0), (5.0, 1.0), (2.0, 1.0)));
        assert!(!runs_on((0.0, 1.0), (5.0, 1.0), (5.0, 2.0)));
    }

    #[test]
    fn dense_curves_are_thinned_and_keep_their_ends() {
        let points: Vec<(f64, f64)> = (0..=100_000)
            .map(|i| (f64::from(i) / 1e5, f64::from(i) / 1e5))
            .collect();
        let mut plot = Plot::new(SQUARE, "t", Axis::unit("x"), Axis::unit("y"));
        plot.line(&points, "c0");
        let svg = plot.svg();
        assert!(svg.len() < 40_000, "{}", svg.len());
        assert!(svg.contains("L314.0 10.0\""));
    }
}
