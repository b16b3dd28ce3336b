//! Drawn profile pictures: initials on a colour of one's own.

use super::html::{escape, initials};
use crate::world::Id;

/// An SVG with the initials of a name.
pub(crate) fn draw(id: Id, name: &str) -> String {
    let letters = escape(&initials(name));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 96 96\" width=\"96\" height=\"96\">\
         <rect width=\"96\" height=\"96\" fill=\"hsl({} 45% 42%)\"/>\
         <text x=\"48\" y=\"50\" fill=\"#fff\" font-family=\"system-ui, sans-serif\" font-size=\"38\" font-weight=\"600\" \
         text-anchor=\"middle\" dominant-baseline=\"central\">{letters}</text></svg>",
        hue(id)
    )
}

/// A hue that differs between neighbouring ids.
fn hue(id: Id) -> u64 {
    id.wrapping_mul(137) % 360
}
