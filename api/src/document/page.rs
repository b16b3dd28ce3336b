//! The documentation page: Swagger UI from this binary, so that it works without the internet and under a strict policy.

use std::sync::LazyLock;

use poem::{Response, Route, RouteMethod, endpoint::make_sync, get, http::header};
use poem_openapi::OpenApiService;

/// The page may load nothing but what this server serves. Swagger UI sets style attributes, hence `unsafe-inline` there.
pub const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                               img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Postern API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="/docs/swagger-ui.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"#;

const START: &str = "SwaggerUIBundle({ dom_id: '#ui', url: '/openapi.json', deepLinking: true, displayOperationId: true });\n";

/// The page and its parts, to be mounted at `/docs`.
pub fn docs() -> Route {
    let (script, style) = &*ASSETS;
    Route::new()
        .at("/", file("text/html; charset=utf-8", PAGE))
        .at("/start.js", file("text/javascript; charset=utf-8", START))
        .at("/swagger-ui.js", file("text/javascript; charset=utf-8", script))
        .at("/swagger-ui.css", file("text/css; charset=utf-8", style))
}

fn file(kind: &'static str, text: &'static str) -> RouteMethod {
    get(make_sync(move |_| {
        let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, DOCS_POLICY)];
        let answer =
            headers.into_iter().fold(Response::builder(), |answer, (name, value)| answer.header(name, value));
        answer.header(header::CACHE_CONTROL, "max-age=3600").body(text)
    }))
}

/// The script and the style that the framework embeds, taken from the page that it writes itself.
static ASSETS: LazyLock<(String, String)> = LazyLock::new(|| {
    let page = OpenApiService::new((), "", "").swagger_ui_html();
    let between = |open: &str, close: &str| {
        let after = page.split_once(open).map(|(_, after)| after).unwrap_or_default();
        after.split_once(close).map(|(inside, _)| inside.to_owned()).unwrap_or_default()
    };
    (between(r#"<script charset="UTF-8">"#, "</script>"), between(r#"<style charset="UTF-8">"#, "</style>"))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_its_script_and_style_and_they_load_nothing_from_elsewhere() {
        let (script, style) = &*ASSETS;
        assert!(script.len() > 500_000 && script.contains("SwaggerUIBundle"));
        assert!(style.len() > 50_000);
        assert!(!PAGE.contains("http"));
    }
}
