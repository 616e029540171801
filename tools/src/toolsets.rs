//! Which tools an assistant is shown: a few for daily use, the rest by toolset.
