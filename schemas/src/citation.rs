//! Searching everything at once and fetching what was found, in the shape that assistants' connectors require.
