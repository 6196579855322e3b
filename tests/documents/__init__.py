"""Tests of what is published beside the code: documents, schemas, event files, examples."""
