//! Users: signing in, invitations, and the owner's list.
