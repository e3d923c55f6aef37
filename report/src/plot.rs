//! One figure: a line for each row, from its best to its median. The only file that
//! knows the plotting library.
//!
//! Points and not bars: bars have to begin at 0, and where one row takes a hundred times
//! as long as another, nothing would be seen of the short ones. The axis is logarithmic
//! there. Names stand above their lines, so that the figure is legible on a telephone.
//!
//! Colours are stand-ins, which the page's style sheet replaces by what is legible on
//! its background.

use crate::Result;
use plotters::prelude::*;

const WIDTH: u32 = 440;
const LINE: u32 = 36;
const AXIS: u32 = 36;
const MARGIN: u32 = 12;

/// Which colour a row has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shade {
    Ours,
    Limit,
    Other,
    Ahead,
}

impl Shade {
    fn colour(self) -> RGBColor {
        match self {
            Self::Ours => RGBColor(1, 0, 1),
            Self::Limit => RGBColor(2, 0, 2),
            Self::Other => RGBColor(3, 0, 3),
            Self::Ahead => RGBColor(4, 0, 4),
        }
    }
}

const INK: RGBColor = RGBColor(5, 0, 5);
const GRID: RGBColor = RGBColor(6, 0, 6);

/// What the stand-ins are replaced by: selector and variable of the style sheet.
pub(crate) const COLOURS: [(&str, &str); 6] = [
    ("#010001", "--ours"),
    ("#020002", "--limit"),
    ("#030003", "--other"),
    ("#040004", "--ahead"),
    ("#050005", "--ink"),
    ("#060006", "--grid"),
];

pub(crate) struct Point {
    pub(crate) name: String,
    pub(crate) best: f64,
    pub(crate) median: f64,
    pub(crate) shade: Shade,
}

fn label_style(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// As SVG, to be put into a page; nothing if there is nothing to show.
pub(crate) fn svg(points: &[Point]) -> Result<String> {
    let mut svg = String::new();
    if points.is_empty() {
        return Ok(svg);
    }
    let axis = Axis::of(points);
    let height = LINE * points.len() as u32 + AXIS;
    let bottom = (height - AXIS) as i32;
    let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
    for tick in axis.ticks() {
        let x = axis.x(tick);
        root.draw(&PathElement::new([(x, 4), (x, bottom)], GRID))?;
        let label = crate::cells::count(Some(tick));
        // No font is at hand to measure with: six pixels a digit at this size.
        let x = x - 3 * label.len() as i32;
        root.draw(&Text::new(label, (x, bottom + 4), label_style(12)))?;
    }
    let unit = if axis.logarithmic {
        "ns, logarithmic"
    } else {
        "ns"
    };
    root.draw(&Text::new(
        unit,
        (MARGIN as i32, bottom + 20),
        label_style(12),
    ))?;
    for (at, point) in points.iter().enumerate() {
        let top = (at as u32 * LINE) as i32;
        let colour = point.shade.colour();
        let y = top + 24;
        let (best, median) = (axis.x(point.best), axis.x(point.median));
        root.draw(&Text::new(
            &*point.name,
            (MARGIN as i32, top + 4),
            label_style(13),
        ))?;
        root.draw(&PathElement::new([(MARGIN as i32, y), (best, y)], GRID))?;
        root.draw(&PathElement::new(
            [(best, y), (median, y)],
            colour.stroke_width(3),
        ))?;
        root.draw(&Circle::new((best, y), 5, colour.filled()))?;
    }
    root.present()?;
    drop(root);
    Ok(svg)
}

/// From values to pixels.
struct Axis {
    logarithmic: bool,
    low: f64,
    high: f64,
}

impl Axis {
    /// Where a linear axis would show nothing of the smallest.
    const FAR: f64 = 20.0;

    fn of(points: &[Point]) -> Self {
        let values = || points.iter().flat_map(|point| [point.best, point.median]);
        let high = values().fold(f64::MIN_POSITIVE, f64::max);
        let low = values().filter(|value| *value > 0.0).fold(high, f64::min);
        let logarithmic = high / low > Self::FAR;
        Self {
            logarithmic,
            low: if logarithmic { low / 1.5 } else { 0.0 },
            high: high * if logarithmic { 1.5 } else { 1.05 },
        }
    }

    fn x(&self, value: f64) -> i32 {
        let share = if self.logarithmic {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            value / self.high
        };
        MARGIN as i32 + (share * f64::from(WIDTH - 2 * MARGIN)) as i32
    }

    /// Round values, four to eight of them.
    fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let powers = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
            let wide = self.high / self.low > 1e3;
            let steps: &[f64] = if wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
            let all =
                powers.flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
            return all
                .filter(|tick| (self.low..=self.high).contains(tick))
                .collect();
        }
        let unit = 10_f64.powf((self.high / 4.0).log10().floor());
        let step = [5.0, 2.0, 1.0].map(|step| step * unit);
        let step = step
            .into_iter()
            .find(|step| self.high / step >= 4.0)
            .unwrap_or(unit);
        (0..)
            .map(|n| f64::from(n) * step)
            .take_while(|tick| *tick <= self.high)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, best: f64) -> Point {
        Point {
            name: name.into(),
            best,
            median: best * 1.5,
            shade: Shade::Ours,
        }
    }

    #[test]
    fn every_row_is_shown_and_named() {
        let svg = svg(&[point("a < b", 8.0), point("c", 20.0)]).unwrap();
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("a &lt; b") && svg.contains("\nc\n"), "{svg}");
        assert!(!svg.contains("logarithmic"));
        assert!(super::svg(&[]).unwrap().is_empty());
    }

    #[test]
    fn what_is_far_apart_is_put_on_a_logarithmic_axis() {
        let points = [point("a", 8.0), point("b", 80_000.0)];
        assert!(svg(&points).unwrap().contains("logarithmic"));
        let axis = Axis::of(&points);
        assert_eq!(axis.ticks(), [10.0, 100.0, 1e3, 1e4, 1e5]);
        assert!(axis.x(10.0) < axis.x(100.0) && axis.x(180_000.0) <= WIDTH as i32);
    }

    #[test]
    fn a_linear_axis_begins_at_nothing() {
        let axis = Axis::of(&[point("a", 8.0), point("b", 20.0)]);
        assert_eq!(axis.ticks(), [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0]);
    }
}
