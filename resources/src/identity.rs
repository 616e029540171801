//! Who a token speaks for: verifiers of this server's own tokens and of other issuers'.
