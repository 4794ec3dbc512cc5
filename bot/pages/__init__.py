"""Pages for browsers: sign-in, passwords, and records to read. Rendered here, without scripts."""
