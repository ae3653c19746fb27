//! What is drawn on a page: its words with their places, and its ruled lines.

use crate::cost::Costs;
use crate::limits::{GLYPHS, PAGE_TEXT, RULES};
use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::kurbo::{Affine, BezPath, PathEl, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, TransformExt, interpret_page,
};
use hayro_syntax::page::Page;
use hayro_syntax::xref::XRef;
use holm::{Error, Result};

/// A word, in points from the top left of the page as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) left: f64,
    pub(crate) right: f64,
    /// Where its letters stand.
    pub(crate) base: f64,
    /// The size of its font.
    pub(crate) size: f64,
}

/// A line that is drawn, from left to right or from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) from: Point,
    pub(crate) to: Point,
}

/// What is drawn on a page.
#[derive(Debug, Default)]
pub(crate) struct Drawn {
    pub(crate) words: Vec<Word>,
    /// Words that do not stand upright, in the order they are drawn.
    pub(crate) turned: Vec<String>,
    pub(crate) rules: Vec<Rule>,
}

/// Draws pages, and keeps what they have in common: fonts.
pub(crate) struct Drawing<'a> {
    cache: InterpreterCache<'a>,
    xref: &'a XRef,
    costs: Costs,
}

impl<'a> Drawing<'a> {
    pub(crate) fn new(xref: &'a XRef) -> Self {
        Self { cache: InterpreterCache::new(), xref, costs: Costs::default() }
    }

    pub(crate) fn draw(&mut self, page: &Page<'a>) -> Result<Drawn> {
        self.costs.check(page)?;
        let (width, height) = page.render_dimensions();
        let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let transform = page.initial_transform(true).to_kurbo();
        let mut context = Context::new(transform, area, &self.cache, self.xref, InterpreterSettings::default());
        let mut pen = Pen { area: area.inflate(1.0, 1.0), ..Pen::default() };
        interpret_page(page, &mut context, &mut pen);
        pen.end_word();
        if pen.glyphs > GLYPHS || pen.bytes > PAGE_TEXT {
            return Err(Error::new(format!(
                "refused (too-much-text): a page of over {GLYPHS} glyphs or {PAGE_TEXT} bytes"
            )));
        }
        Ok(pen.drawn)
    }
}

#[derive(Default)]
struct Pen {
    drawn: Drawn,
    /// What can be seen: text beside the page is not on it.
    area: Rect,
    word: Option<Word>,
    turned: String,
    /// Where the last run began, and how long it was.
    filled: Option<(Affine, usize)>,
    glyphs: usize,
    bytes: usize,
}

impl Pen {
    fn glyph(&mut self, transform: Affine, text: &str, advance: f64) {
        let (start, end) = (transform * Point::ZERO, transform * Point::new(advance, 0.0));
        let up = transform * Point::new(0.0, 1_000.0) - start;
        if ![start.x, start.y, end.x, end.y, up.x, up.y].iter().all(|number| number.is_finite()) {
            return;
        }
        let size = up.hypot();
        let upright = (end.x - start.x) >= 2.0 * (end.y - start.y).abs() && up.y < 0.0;
        if !upright {
            return self.turn(text);
        }
        if !self.area.contains(start) {
            return self.end_word();
        }
        if text.chars().all(char::is_whitespace) {
            return self.end_word();
        }
        if let Some(word) = &mut self.word {
            let gap = start.x - word.right;
            let same_line = (start.y - word.base).abs() < 0.25 * word.size.max(size);
            // Drawn twice, a little apart, to look bold.
            let again =
                same_line && word.text.ends_with(text) && gap < -0.8 * (end.x - start.x) && start.x >= word.left;
            if again {
                return;
            }
            if same_line && gap > -0.5 * size && gap < 0.17 * size {
                word.text.push_str(text);
                word.right = word.right.max(end.x);
                word.size = word.size.max(size);
                return;
            }
        }
        self.end_word();
        self.word = Some(Word { text: text.to_owned(), left: start.x, right: end.x, base: start.y, size });
    }

    fn turn(&mut self, text: &str) {
        self.finish_word();
        self.turned.push_str(text);
    }

    fn finish_word(&mut self) {
        self.drawn.words.extend(self.word.take());
    }

    fn end_word(&mut self) {
        self.finish_word();
        if !self.turned.trim().is_empty() {
            self.drawn.turned.push(self.turned.trim().to_owned());
        }
        self.turned.clear();
    }

    fn rule(&mut self, from: Point, to: Point) {
        let (from, to) = if (from.x, from.y) <= (to.x, to.y) { (from, to) } else { (to, from) };
        let straight = (from.x - to.x).abs() < 1.0 || (from.y - to.y).abs() < 1.0;
        let long = from.distance(to) > 4.0;
        if straight && long && self.drawn.rules.len() < RULES && self.area.contains(from) && self.area.contains(to) {
            self.drawn.rules.push(Rule { from, to });
        }
    }

    fn stroke(&mut self, path: &BezPath, transform: Affine) {
        let (mut start, mut at) = (Point::ZERO, Point::ZERO);
        for element in path.elements() {
            match *element {
                PathEl::MoveTo(to) => (start, at) = (transform * to, transform * to),
                PathEl::LineTo(to) => {
                    let to = transform * to;
                    self.rule(at, to);
                    at = to;
                }
                PathEl::ClosePath => {
                    self.rule(at, start);
                    at = start;
                }
                PathEl::QuadTo(_, to) | PathEl::CurveTo(_, _, to) => at = transform * to,
            }
        }
    }

    /// A thin rectangle is a line to who looks at it.
    fn fill(&mut self, path: &BezPath, transform: Affine) {
        for part in path.elements().split_inclusive(|element| matches!(element, PathEl::ClosePath)) {
            let points = part.iter().filter_map(PathEl::end_point).map(|point| transform * point);
            let Some(area) =
                points.map(|point| Rect::from_points(point, point)).reduce(|area, point| area.union(point))
            else {
                continue;
            };
            let middle = area.center();
            if area.height() < 3.0 && area.width() > area.height() {
                self.rule(Point::new(area.x0, middle.y), Point::new(area.x1, middle.y));
            } else if area.width() < 3.0 {
                self.rule(Point::new(middle.x, area.y0), Point::new(middle.x, area.y1));
            }
        }
    }
}

impl<'a> Device<'a> for Pen {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        // Filled and then stroked is one text.
        let place = run.glyphs().first().map(|glyph| (props.transform * glyph.transform(), run.glyphs().len()));
        let before = std::mem::replace(&mut self.filled, place);
        if matches!(mode, DrawMode::Stroke(_)) && before == place {
            return;
        }
        for glyph in run.glyphs() {
            self.glyphs += 1;
            if self.glyphs > GLYPHS || self.bytes > PAGE_TEXT {
                return;
            }
            let text = match glyph.as_unicode() {
                Some(BfString::Char(character)) => character.to_string(),
                Some(BfString::String(text)) => text,
                None => "\u{fffd}".to_owned(),
            };
            let advance = match &**glyph {
                Glyph::Outline(glyph) => glyph.advance_width(),
                Glyph::Type3(glyph) => glyph.advance_width(),
            };
            let text: String = text.chars().filter(|character| !character.is_control()).collect();
            self.bytes += text.len();
            let advance = advance.map_or(500.0, f64::from).clamp(0.0, 10_000.0);
            self.glyph(props.transform * glyph.transform(), &text, advance);
        }
    }

    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        match mode {
            DrawMode::Stroke(_) => self.stroke(path, props.transform),
            DrawMode::Fill(_) => self.fill(path, props.transform),
            DrawMode::FillAndStroke(..) => self.stroke(path, props.transform),
            DrawMode::Invisible => {}
        }
    }

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_clip_rect(&mut self, _: &Rect) {}

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}
