//! The mark of what made a picture: a term of IPTC's vocabulary "Digital Source Type"
//! (<https://cv.iptc.org/newscodes/digitalsourcetype/>), wherever it stands: in XMP, or in the assertions of a C2PA manifest. The
//! manifest itself cannot stay, since it is bound to bytes that go; what it says about the origin is written down as XMP.

/// What every term begins with, whether the address is http or https.
const VOCABULARY: &[u8] = b"://cv.iptc.org/newscodes/digitalsourcetype/";

/// Longest term that is believed; the vocabulary's own have up to 36 letters.
const LONGEST: usize = 64;

/// The terms of the vocabulary, as of 2025. In a C2PA manifest nothing but its own length ends a term, and the byte behind it
/// may look like a letter, so a term is recognised by being known.
const TERMS: [&str; 20] = [
    "algorithmicMedia",
    "algorithmicallyEnhanced",
    "composite",
    "compositeCapture",
    "compositeSynthetic",
    "compositeWithTrainedAlgorithmicMedia",
    "computationalCapture",
    "dataDrivenMedia",
    "digitalArt",
    "digitalCapture",
    "digitalCreation",
    "humanEdits",
    "minorHumanEdits",
    "negativeFilm",
    "positiveFilm",
    "print",
    "screenCapture",
    "softwareImage",
    "trainedAlgorithmicMedia",
    "virtualRecording",
];

/// The first term that some metadata name, such as `trainedAlgorithmicMedia`. A newer one is believed where a quotation mark
/// or a tag ends it.
pub(super) fn find(metadata: &[u8]) -> Option<String> {
    let at = metadata.windows(VOCABULARY.len()).position(|window| window == VOCABULARY)?;
    let rest = metadata.get(at + VOCABULARY.len()..)?;
    let letters = rest.iter().take(LONGEST).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let ended = letters > 0 && matches!(rest.get(letters), Some(b'"' | b'\'' | b'<'));
    if ended {
        return String::from_utf8(rest[..letters].to_vec()).ok();
    }
    let known = TERMS.iter().filter(|term| rest.starts_with(term.as_bytes()));
    known.max_by_key(|term| term.len()).map(|term| (*term).to_owned())
}

/// An XMP packet that says nothing else (XMP specification, part 1, section 7.3; IPTC Photo Metadata Standard 2023.1).
pub(super) fn packet(term: &str) -> Vec<u8> {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" \
         Iptc4xmpExt:DigitalSourceType=\"http://cv.iptc.org/newscodes/digitalsourcetype/{term}\"/>\
         </rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_either_spelling_and_written_again() {
        for scheme in ["http", "https"] {
            let text = format!(
                "\0cbor{scheme}://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\"/>"
            );
            let term = find(text.as_bytes()).unwrap();
            assert_eq!(term, "trainedAlgorithmicMedia");
            assert_eq!(find(&packet(&term)), Some(term));
        }
    }

    #[test]
    fn a_term_ends_where_it_is_complete() {
        let term =
            |text: &str| find(format!("http://cv.iptc.org/newscodes/digitalsourcetype/{text}").as_bytes());
        assert_eq!(term("compositeSyntheticjnext").as_deref(), Some("compositeSynthetic"));
        assert_eq!(term("compositeX").as_deref(), Some("composite"));
        assert_eq!(term("somethingNew\"").as_deref(), Some("somethingNew"));
        assert_eq!(term("somethingNew"), None);
    }

    #[test]
    fn what_is_no_term_is_not_repeated() {
        for text in [
            "",
            "digitalsourcetype",
            "http://cv.iptc.org/newscodes/digitalsourcetype/",
            "://cv.iptc.org/newscodes/digitalsourcetype/<x>",
        ] {
            assert_eq!(find(text.as_bytes()), None, "{text}");
        }
    }
}
