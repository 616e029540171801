//! Grants: clients that signed in through OAuth, their codes and tokens.
