//! Prompts: what people ask assistants to do with their memory.
