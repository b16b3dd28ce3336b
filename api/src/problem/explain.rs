//! The pages that the `type` of a problem points to.

use poem::{Endpoint, Request, Response, endpoint::make_sync};

use super::{Code, Problem};

/// One page per code, to be mounted at `/problems/:code`.
pub fn explanations() -> impl Endpoint<Output = Response> + 'static {
    make_sync(|request: Request| {
        let wanted = request.raw_path_param("code").unwrap_or_default();
        match Code::ALL.iter().find(|code| code.as_str() == wanted) {
            Some(code) => {
                let text = format!("{}\n\n{}\n\nStatus: {}\n", code.title(), code.meaning(), code.status());
                Response::builder().content_type("text/plain; charset=utf-8").body(text)
            }
            None => poem::IntoResponse::into_response(Problem::not_found()),
        }
    })
}
