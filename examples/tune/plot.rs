//! One figure: curves over the sizes. The only file that knows the plotting
//! library.
//!
//! Sizes stand side by side at even distances, whatever their values: they are a
//! list of choices, and 0 has no place on a logarithmic axis.

use plotters::prelude::*;
use std::error::Error;

const WIDTH: u32 = 860;
const HEIGHT: u32 = 260;
const GRID: RGBColor = RGBColor(226, 230, 234);
const INK: RGBColor = RGBColor(73, 80, 87);
const RECOMMENDED: RGBColor = RGBColor(214, 240, 219);
const ADVISED: RGBColor = RGBColor(134, 142, 150);

/// Red, green, blue.
pub(crate) type Colour = (u8, u8, u8);

pub(crate) struct Figure<'a> {
    pub(crate) sizes: &'a [usize],
    /// Indices into `sizes`.
    pub(crate) recommended: Option<usize>,
    pub(crate) advised: Option<usize>,
    /// A value for each size.
    pub(crate) curves: &'a [(Vec<f64>, Colour)],
    /// The upper end of the axis; the lower one is 0.
    pub(crate) top: f64,
    /// How values of the axis are written.
    pub(crate) unit: fn(f64) -> String,
}

impl Figure<'_> {
    /// As SVG, to be put into a page.
    ///
    /// # Errors
    ///
    /// What the plotting library says; nothing is known to make it fail.
    pub(crate) fn svg(&self) -> Result<String, Box<dyn Error + '_>> {
        let mut svg = String::new();
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        let last = self.sizes.len() as i32;
        let mut chart = ChartBuilder::on(&root)
            .margin(8)
            .margin_right(16)
            .x_label_area_size(44)
            .y_label_area_size(78)
            .build_cartesian_2d((0..last - 1).into_segmented(), 0.0..self.top)?;

        let column = |index: usize| SegmentValue::Exact(index as i32);
        let centre = |index: usize| SegmentValue::CenterOf(index as i32);
        if let Some(index) = self.recommended {
            let corners = [(column(index), self.top), (column(index + 1), 0.0)];
            chart.draw_series([Rectangle::new(corners, RECOMMENDED.filled())])?;
        }
        let label = |at: &SegmentValue<i32>| match *at {
            SegmentValue::CenterOf(index) | SegmentValue::Exact(index) => {
                let size = self.sizes.get(index as usize);
                size.map_or_else(String::new, usize::to_string)
            }
            SegmentValue::Last => String::new(),
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(INK)
            .label_style(("sans-serif", 15, &INK))
            .x_labels(self.sizes.len())
            .x_label_formatter(&label)
            .x_desc("objects kept per thread")
            .y_labels(6)
            .y_label_formatter(&|value| (self.unit)(*value))
            .draw()?;
        if let Some(index) = self.advised {
            let line = [(centre(index), 0.0), (centre(index), self.top)];
            let dashed = DashedLineSeries::new(line, 5, 4, ADVISED.stroke_width(2));
            chart.draw_series(dashed)?;
        }
        for (values, (r, g, b)) in self.curves {
            let colour = RGBColor(*r, *g, *b);
            let points = || values.iter().enumerate().map(|(i, &v)| (centre(i), v));
            chart.draw_series(LineSeries::new(points(), colour.stroke_width(2)))?;
            chart.draw_series(points().map(|at| Circle::new(at, 4, colour.filled())))?;
        }
        drop(chart);
        root.present()?;
        drop(root);
        Ok(svg)
    }
}

/// A round number a little above `max`, for the upper end of an axis.
pub(crate) fn above(max: f64) -> f64 {
    let max = max.max(1.0) * 1.05;
    let unit = 10_f64.powf(max.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * unit >= max);
    step.unwrap_or(10.0) * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let table = [
            (0.0, 1.5),
            (3.7, 4.0),
            (9.9, 15.0),
            (95.0, 100.0),
            (1234.0, 1500.0),
        ];
        for (max, top) in table {
            assert_eq!(above(max), top, "{max}");
        }
    }

    #[test]
    fn a_figure_shows_every_size_curve_and_mark() {
        let figure = |sizes: &[usize]| {
            let values = vec![1.0; sizes.len()];
            Figure {
                sizes,
                recommended: Some(0),
                advised: Some(sizes.len() - 1),
                curves: &[(values.clone(), (1, 2, 3)), (values, (4, 5, 6))],
                top: 2.0,
                unit: |value| format!("{value} zlotys"),
            }
            .svg()
            .unwrap()
        };
        let svg = figure(&[0, 1, 2, 4, 8, 16, 32, 64, 104, 128, 4_096, 65_536]);
        for text in [
            "\n104\n",
            "\n65536\n",
            "0.5 zlotys",
            "#010203",
            "#040506",
            "#D6F0DB",
        ] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 24);
        assert!(figure(&[7]).contains("\n7\n"), "one size will do");
    }
}
