//! A small picture of the fabric: who changes, and how gravely, as inline SVG.
//!
//! Few devices are boxes with names and links; many are a field of squares, each with its
//! name as a tooltip. Elsewhere: colours (`style.css`).

use std::collections::BTreeMap;

use crate::names::DeviceName;
use crate::review::report::{Pictured, Review};
use crate::review::text::html;

/// How many devices a row has at most before it becomes a field of squares.
const ROW: usize = 16;
/// Squares in a row of a field.
const FIELD: usize = 60;
const WIDTH: usize = 1000;

/// The picture; nothing where there is no device.
pub(super) fn svg(review: &Review) -> String {
    let mut tiers: BTreeMap<std::cmp::Reverse<u8>, Vec<&Pictured>> = BTreeMap::new();
    for device in &review.picture {
        tiers.entry(std::cmp::Reverse(device.tier)).or_default().push(device);
    }
    if tiers.is_empty() {
        return String::new();
    }
    let small = tiers.values().any(|row| row.len() > ROW);
    let (mut shapes, mut at, mut top) = (String::new(), BTreeMap::new(), 24);
    for row in tiers.values() {
        top = if small { field(row, top, &mut shapes) } else { boxes(row, top, &mut at, &mut shapes) };
    }
    let links = if small { String::new() } else { links(&review.picture, &at) };
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {top}\" role=\"img\" aria-label=\"The devices of the fabric and what happens to \
         them\">{links}{shapes}</svg>\n{LEGEND}"
    )
}

const LEGEND: &str = "<p class=\"legend soft\"><span><i class=\"kn\"></i>untouched</span><span><i class=\"k0\"></i>hitless\
</span><span><i class=\"k1\"></i>resets a session</span><span><i class=\"k2\"></i>drops a port</span><span><i class=\"k3\">\
</i>device-wide</span></p>\n";

fn class(device: &Pictured) -> &'static str {
    match (device.effect, device.at_rest) {
        (_, true) => "rest",
        (None, _) => "still",
        (Some(crate::platform::effects::Effect::Hitless), _) => "e0",
        (Some(crate::platform::effects::Effect::ResetsSession), _) => "e1",
        (Some(crate::platform::effects::Effect::DropsPort), _) => "e2",
        (Some(crate::platform::effects::Effect::DeviceWide), _) => "e3",
    }
}

fn title(device: &Pictured) -> String {
    let what = match (device.effect, device.at_rest) {
        (_, true) => "not written",
        (None, _) => "untouched",
        (Some(effect), _) => effect.as_str(),
    };
    format!("<title>{}: {what}</title>", html(device.device.as_str()))
}

/// One row of boxes with names; gives where the next row begins.
fn boxes<'a>(
    row: &[&'a Pictured],
    top: usize,
    at: &mut BTreeMap<&'a DeviceName, (usize, usize)>,
    shapes: &mut String,
) -> usize {
    let step = WIDTH / row.len().max(1);
    let width = step.saturating_sub(8).min(110);
    for (index, device) in row.iter().enumerate() {
        let middle = step * index + step / 2;
        // the members of a pair stand side by side and are joined
        let joined = index
            .checked_sub(1)
            .and_then(|before| row.get(before))
            .filter(|before| before.pair.is_some() && before.pair == device.pair);
        if joined.is_some() {
            let (left, y) = (middle.saturating_sub(step), top + 17);
            shapes.push_str(&format!(
                "<line class=\"pair\" x1=\"{left}\" y1=\"{y}\" x2=\"{middle}\" y2=\"{y}\"/>"
            ));
        }
    }
    for (index, device) in row.iter().enumerate() {
        let middle = step * index + step / 2;
        let left = middle.saturating_sub(width / 2);
        let (class, title, name) = (class(device), title(device), html(&short(device, width)));
        shapes.push_str(&format!(
            "<g class=\"{class}\">{title}<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"34\" rx=\"7\"/>\
             <text x=\"{middle}\" y=\"{}\">{name}</text></g>",
            top + 21
        ));
        at.insert(&device.device, (middle, top));
    }
    top + 110
}

/// A name that fits into its box.
fn short(device: &Pictured, width: usize) -> String {
    let most = (width / 7).max(2);
    let name = device.device.as_str();
    if name.len() <= most { name.to_owned() } else { format!("…{}", &name[name.len() + 1 - most..]) }
}

/// One field of squares; gives where the next row begins.
fn field(row: &[&Pictured], top: usize, shapes: &mut String) -> usize {
    let step = WIDTH / (FIELD + 2);
    for (index, device) in row.iter().enumerate() {
        let (x, y) = (step * (index % FIELD + 1), top + step * (index / FIELD));
        let (class, title, side) = (class(device), title(device), step - 3);
        shapes.push_str(&format!(
            "<g class=\"{class}\">{title}<rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" rx=\"2\"/></g>"
        ));
    }
    top + step * row.len().div_ceil(FIELD) + 24
}

fn links(picture: &[Pictured], at: &BTreeMap<&DeviceName, (usize, usize)>) -> String {
    let mut lines = String::new();
    for device in picture {
        let Some((x1, y1)) = at.get(&device.device) else { continue };
        for (x2, y2) in device.above.iter().filter_map(|above| at.get(above)) {
            lines.push_str(&format!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{}\"/>", y2 + 34));
        }
    }
    lines
}
