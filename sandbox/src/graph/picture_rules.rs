//! What each surface takes as a picture, and how it refuses the rest.

use image::ImageFormat;

use super::error::GraphError;
use super::fetch::{FetchError, Fetched};

/// Instagram takes JPEG only, up to 8 MiB, between 4:5 and 1.91:1
/// (<https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media>).
pub(crate) fn instagram(fetched: Result<Fetched, FetchError>) -> Result<Fetched, GraphError> {
    let fetched = fetched.map_err(|error| match error {
        FetchError::BadUrl => GraphError::new(100, "(#100) Param image_url must be a valid URL"),
        FetchError::Unreachable => unfetched(),
        FetchError::TooLarge => too_large(),
    })?;
    if fetched.format != Some(ImageFormat::Jpeg) || !fetched.whole {
        return Err(GraphError::new(36_001, "The image format is not supported")
            .sub(2_207_005)
            .user("Unsupported image format", "The image format is not supported. It must be JPEG."));
    }
    if fetched.bytes.len() > 8 * 1024 * 1024 {
        return Err(too_large());
    }
    let (width, height) = (f64::from(fetched.picture.width), f64::from(fetched.picture.height));
    let ratio = width / height;
    // One pixel of rounding is forgiven.
    let (narrow, wide) = ((width + 1.0) / height, (width - 1.0) / height);
    if narrow < 0.8 || wide > 1.91 {
        let message = format!("The aspect ratio {ratio:.2} is not supported");
        return Err(GraphError::new(36_003, message).sub(2_207_009).user(
            "Invalid aspect ratio",
            "The submitted image with aspect ratio cannot be published. Please submit an image with a valid aspect ratio.",
        ));
    }
    Ok(fetched)
}

/// Pages take what browsers show, up to 10 MB
/// (<https://developers.facebook.com/docs/graph-api/reference/page/photos/>).
pub(crate) fn page(fetched: Result<Fetched, FetchError>) -> Result<Fetched, GraphError> {
    let fetched = fetched.map_err(|error| match error {
        FetchError::BadUrl => GraphError::new(100, "(#100) url should represent a valid URL"),
        FetchError::Unreachable => missing_file(),
        FetchError::TooLarge => GraphError::new(100, "Invalid parameter").sub(1_366_046).user(
            "Can't Read Files",
            "Your photos couldn't be uploaded. Photos should be smaller than 10 MB and saved as JPG, PNG, GIF, TIFF.",
        ),
    })?;
    if fetched.whole { Ok(fetched) } else { Err(missing_file()) }
}

fn unfetched() -> GraphError {
    GraphError::new(9004, "Only photo or video can be accepted as media type.").sub(2_207_052).user(
        "Media download has failed.",
        "The media could not be fetched from this URI. Please check that it is reachable.",
    )
}

fn too_large() -> GraphError {
    GraphError::new(36_000, "The image size is too large.")
        .sub(2_207_004)
        .user("Image size too large", "The image is too large to download. It should be less than 8 MiB.")
}

fn missing_file() -> GraphError {
    GraphError::new(324, "(#324) Missing or invalid image file")
        .sub(2_069_019)
        .user("Missing or invalid image file", "The image could not be read. Try another picture.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::picture::Picture;

    fn jpeg(width: u32, height: u32) -> Fetched {
        let picture = Picture { width, height, ..Picture::default() };
        Fetched { picture, format: Some(ImageFormat::Jpeg), whole: true, bytes: bytes::Bytes::new() }
    }

    #[test]
    fn instagram_ratios_are_bounded_on_both_sides() {
        for (width, height, fits) in [
            (800, 1000, true),
            (799, 1000, true),
            (780, 1000, false),
            (1910, 1000, true),
            (1930, 1000, false),
        ] {
            assert_eq!(instagram(Ok(jpeg(width, height))).is_ok(), fits, "{width}x{height}");
        }
    }
}
