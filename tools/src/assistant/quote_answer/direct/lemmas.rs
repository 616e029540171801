//! Verbs whose past no stemmer knows, so that `bought` answers `buy`.

use crate::processing::local::words;

/// The present, and its pasts.
const IRREGULAR: &str = "buy:bought catch:caught build:built sell:sold send:sent spend:spent lose:lost win:won \
    teach:taught bring:brought choose:chose,chosen write:wrote,written drive:drove,driven ride:rode,ridden eat:ate,eaten \
    drink:drank,drunk sing:sang,sung swim:swam,swum run:ran fly:flew,flown grow:grew,grown draw:drew,drawn \
    throw:threw,thrown break:broke,broken speak:spoke,spoken wear:wore,worn steal:stole,stolen hide:hid,hidden \
    fall:fell,fallen meet:met lead:led leave:left sleep:slept fight:fought hold:held \
    stand:stood understand:understood sit:sat wake:woke,woken lend:lent pay:paid \
    forget:forgot,forgotten forgive:forgave,forgiven freeze:froze,frozen shake:shook,shaken";

/// The telling words of a text, each as the stem of its present.
pub(super) fn terms(text: &str) -> Vec<String> {
    words::terms(text).into_iter().map(|term| present(&term)).collect()
}

/// The present of a stem.
pub(super) fn present(term: &str) -> String {
    let known = IRREGULAR.split_whitespace().filter_map(|entry| entry.split_once(':'));
    let found = known.into_iter().find(|(_, pasts)| pasts.split(',').any(|past| past == term));
    let base = found.map_or(term, |(base, _)| base);
    words::terms(base).pop().unwrap_or_else(|| base.to_owned())
}
